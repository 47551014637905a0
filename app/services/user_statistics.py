"""How many accounts there are, by role and by status: exact, without counting the accounts and without a hot row.

For each statement, triggers on `users` insert a row with the number that it adds or removes. The sum of these rows is
the number of accounts. A background task merges them now and then, so there are never many.
"""

from typing import NamedTuple

from charter import fetch_one, run
from models import UserCount
from models.user import STATUSES

# SQL text: hot (get_user_stats). One statement has one snapshot: it sees the rows before they are merged, or after.
_TOTALS = """
SELECT r.name, c.status, c.number
FROM roles r LEFT JOIN (
    SELECT role_id, status, sum(number)::bigint AS number FROM user_counts GROUP BY role_id, status
) c ON c.role_id = r.id
ORDER BY r.name COLLATE "C"
"""

# SQL text: Peewee has no DELETE … USING. Rows that another worker is merging are left to it, so nobody waits and
# nothing is counted twice.
_MERGE = """
WITH free AS MATERIALIZED (SELECT id FROM user_counts FOR UPDATE SKIP LOCKED),
taken AS (DELETE FROM user_counts c USING free WHERE c.id = free.id RETURNING c.role_id, c.status, c.number)
INSERT INTO user_counts (role_id, status, number)
SELECT role_id, status, sum(number) FROM taken GROUP BY role_id, status HAVING sum(number) <> 0
"""

MAX_UNMERGED = 1_000
"""Summing this many rows takes well under a millisecond."""


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
    """Return how many accounts there are, as far as committed."""
    by_role: dict[str, int] = {}
    by_status = dict.fromkeys(STATUSES, 0)
    for role, status, number in run(_TOTALS):
        by_role[role] = by_role.get(role, 0) + (number or 0)
        if status:
            by_status[status] += number
    return UserTotals(sum(by_status.values()), by_role, by_status)


def total_sql(*, by_role: bool) -> str:
    """Return a select of the number of accounts, for a statement that needs it beside something else.

    It has the parameters `statuses`, a list, and, if only one role is counted, `role_id`.
    """
    role = " AND role_id = %(role_id)s" if by_role else ""
    return f"SELECT coalesce(sum(number), 0)::bigint FROM user_counts WHERE status = ANY(%(statuses)s){role}"  # noqa: S608


def merge(*, leave: int = MAX_UNMERGED) -> None:
    """Merge the rows of each role and status into one; any number of workers may do so at once.

    Args:
        leave: so many rows are left as they are.
    """
    if fetch_one(UserCount.select(UserCount.id).offset(leave).limit(1)):
        run(_MERGE)
