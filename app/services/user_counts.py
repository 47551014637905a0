"""How many accounts there are, by role and by status: exact at once, without counting them and without a hot row.

Triggers on `users` leave a row with what each statement adds or takes away; the sum of these rows is the answer. Now
and then they are put together, so that there are never many.
"""

from typing import NamedTuple

from app.database import run
from models.user import STATUSES

# One statement, one snapshot: it sees rows before they are put together, or after.
_TOTALS = """
SELECT r.name, c.status, c.number
FROM roles r LEFT JOIN (
    SELECT role_id, status, sum(number)::bigint AS number FROM user_counts GROUP BY role_id, status
) c ON c.role_id = r.id
ORDER BY r.name COLLATE "C"
"""

_MANY = "SELECT count(*) > %(few)s FROM (SELECT FROM user_counts LIMIT %(few)s + 1) counted"

# What another is putting together is left to them, so none waits and none is counted twice.
_FOLD = """
WITH free AS MATERIALIZED (SELECT id FROM user_counts FOR UPDATE SKIP LOCKED),
taken AS (DELETE FROM user_counts c USING free WHERE c.id = free.id RETURNING c.role_id, c.status, c.number)
INSERT INTO user_counts (role_id, status, number)
SELECT role_id, status, sum(number) FROM taken GROUP BY role_id, status HAVING sum(number) <> 0
"""

# So many are read in well under a millisecond.
FEW = 1_000


class UserTotals(NamedTuple):
    """How many accounts there are.

    Attributes:
        by_role: by name of the role, of every role there is, in the order of the names.
        by_status: by status, of both.
    """

    total: int
    by_role: dict[str, int]
    by_status: dict[str, int]


def totals() -> UserTotals:
    """Return how many accounts there are, as of what is committed."""
    by_role: dict[str, int] = {}
    by_status = dict.fromkeys(STATUSES, 0)
    for role, status, number in run(_TOTALS):
        by_role[role] = by_role.get(role, 0) + (number or 0)
        if status:
            by_status[status] += number
    return UserTotals(sum(by_status.values()), by_role, by_status)


def fold(*, few: int = FEW) -> None:
    """Put the rows of a role and status together into one; any number of workers may do so at once.

    Args:
        few: so many rows are left as they are.
    """
    if run(_MANY, {"few": few})[0][0]:
        run(_FOLD)
