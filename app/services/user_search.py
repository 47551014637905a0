"""The list of users: filtered, sorted and counted at a cost that hardly grows with the table.

Every index that a list reads begins with the status, or with role and status. So each list is a few ranges of one
index, one for each status: a page is their first entries. `user_counts` has the total of a list without a search; the
count of a search walks along its ranges up to a limit.

A page after a position begins there, in the same ranges; the row at the position need not exist any more.

The list that is asked for most, newest first and without a search, is a function of the database, whose plan is kept.
All other statements are SQL text: hot (list_users), and put together from ranges.
"""

from typing import Any
from uuid import UUID

from app.addresses import canonical, is_address
from app.results import MAX_COUNTED, Position
from app.services import user_statistics
from app.text import search_key
from charter import Listing, Page, errors, fetch_one, run
from models import Role
from models.listed_user import LISTED_USER_COLUMNS_SQL, ListedUser
from models.user import STATUSES

MAX_SORTED = 20_000
"""If no more accounts match a search, all of them can be collected and sorted."""
MAX_WALKED = 1_000
"""If more match, the index is read in the order of the list: up to this offset, and in the order of a time only.

Matches are met soon in the order of a time. In the order of the addresses, those with one prefix lie side by side, and
reading up to them could pass all others.
"""

# An address belongs to one user only: its order needs no second column.
_COLUMNS = {"created_at": ("created_at", "id"), "updated_at": ("updated_at", "id"), "email": ("email",)}
_DEFAULT_ORDER = "-created_at"

# The column of each begins an index after role and status; collation and operator class make a prefix a range of it.
_BY_ADDRESS = "u.email LIKE %(address)s"
_BY_NAME = "u.name_key LIKE %(name)s"
_BY_NAME_ALONE = f"{_BY_NAME} AND u.email NOT LIKE %(address)s"
_BY_EITHER = f"({_BY_ADDRESS} OR {_BY_NAME})"

_NOBODY = Listing([], 0, True)

# SQL text: hot (list_users). A function, planned once for each connection.
_NEWEST = f"""
SELECT total, {", ".join(ListedUser._fields)}
FROM charter_newest_users(%s, %s, %s::timestamptz, %s::uuid, %s, %s)
"""  # noqa: S608 (constants)


def search(page: Page, q: str | None = None, role: str | None = None, status: str | None = None) -> Listing:
    """Return a page of users, each a ListedUser.

    Args:
        page: sorted by created_at, email or updated_at, with a dash in front for descending; empty: newest first. Ties
            are sorted by id. It may begin after a position that an earlier page with the same order gave as `next`.
        q: keeps those whose address or display name begins with this, in any letter case and spelling.
        role: keeps those with the role of this name; a name that no role has keeps none.
        status: keeps those with this status.

    Raises:
        ValidationError: more than MAX_SORTED users match `q`, and the page is sorted by address, or its offset is above
            MAX_WALKED.
    """
    sort = page.sort or _DEFAULT_ORDER
    column, order = _order(sort)
    # One row more than the page has: it tells whether there is a next page.
    limit = page.limit + 1
    if q is None and sort == _DEFAULT_ORDER:
        after_at, after_id = page.after or (None, None)
        rows = run(_NEWEST, (role, status, after_at, after_id and str(after_id), page.offset, limit))
        return _listing(rows, page, column)
    params: dict[str, object] = {"offset": page.offset, "limit": limit, "reach": page.offset + limit}
    params |= {name: name for name in STATUSES}
    params["statuses"] = statuses = [name for name in STATUSES if status in (None, name)]
    ranges = [f"u.status = %({name})s" for name in statuses]
    if role is not None:
        # Looked up first: the planner's statistics are for role ids, and it plans well only for an id that it is given.
        row = fetch_one(Role.select(Role.id).where(Role.name == role))
        if row is None:
            return _NOBODY
        params["role_id"] = row.id
        ranges = [f"u.role_id = %(role_id)s AND {index_range}" for index_range in ranges]
    left = ranges
    if page.after is not None:
        params |= {"after_key": page.after.key, "after_id": page.after.id}
        left = _narrowed(ranges, _behind(column, order))
    if q is None:
        parts, total = [_walk(left, column, order)], user_statistics.total_sql(by_role=role is not None)
    else:
        name = search_key(q)
        if not name:  # q holds no visible character, and every name begins with nothing
            return _NOBODY
        address = canonical(q) if is_address(q) else name
        params |= {"address": _prefix(address), "name": _prefix(name)}
        needs_few = "sort" if column == "email" else "offset" if page.offset > MAX_WALKED else None
        params["most"] = most = (MAX_SORTED if needs_few else MAX_COUNTED) + 1
        [(addresses, names)] = run(_count_both(ranges), params)
        params["counted"] = counted = addresses + names
        if needs_few and counted > MAX_SORTED:
            raise _too_many(needs_few)
        parts = _search(left, column, order, many_addresses=addresses == most, many_names=names == most)
        total = "SELECT %(counted)s"
    return _listing(run(_page(parts, order, total), params), page, column)


def _listing(rows: list[tuple[Any, ...]], page: Page, column: str) -> Listing:
    """Return the page of rows that each begin with the total; the last one tells that there is a next page."""
    users = [ListedUser._make(row[1:]) for row in rows[: page.limit] if row[1] is not None]
    following = _position(users[-1], column) if len(rows) > page.limit else None
    counted = rows[0][0]
    return Listing(users, min(counted, MAX_COUNTED), counted <= MAX_COUNTED, following)


def _position(user: ListedUser, column: str) -> Position:
    value = getattr(user, column)
    return Position(value if isinstance(value, str) else value.isoformat(), UUID(user.id))


def _behind(column: str, order: str) -> str:
    """Return the condition for what comes after the position that the page begins at."""
    sign = "<" if order.endswith("DESC") else ">"
    if column == "email":
        return f"u.email {sign} %(after_key)s"
    return f"(u.{column}, u.id) {sign} (%(after_key)s::timestamptz, %(after_id)s::uuid)"


def _search(ranges: list[str], column: str, order: str, *, many_addresses: bool, many_names: bool) -> list[str]:
    """Return the selects that find what a search matches.

    Where few rows match, all of them are collected; where many match, the index is read in the order of the list.
    """
    if many_addresses:
        return [_walk(_narrowed(ranges, _BY_EITHER), column, order)]
    by_address, by_name_alone = _narrowed(ranges, _BY_ADDRESS), _narrowed(ranges, _BY_NAME_ALONE)
    by_name = _walk(by_name_alone, column, order) if many_names else _collection(by_name_alone, column)
    return [_collection(by_address, column), by_name]


def _too_many(field: str) -> errors.ValidationError:
    """Return the error for what is quick only if few accounts match; it says what is quick for many."""
    instead = "Sort by created_at or updated_at" if field == "sort" else f"Use cursor, or an offset up to {MAX_WALKED}"
    message = f"More than {MAX_SORTED} accounts match q. {instead}, or search for more characters."
    return errors.ValidationError(details=[errors.Violation(message, field)])


# The functions below put statements together from constants of this file only; every value is a parameter.


def _narrowed(ranges: list[str], condition: str) -> list[str]:
    return [f"{index_range} AND {condition}" for index_range in ranges]


def _count(ranges: list[str]) -> str:
    """Return an expression that counts the rows of the ranges, up to a limit."""
    return f"(SELECT count(*) FROM ({_all(ranges, '')} LIMIT %(most)s) matches)"  # noqa: S608


def _count_both(ranges: list[str]) -> str:
    """Return the statement that counts the matches by address, and those by name alone where the first are few.

    Where they are many, most names could be those of users whose addresses match, too, and the count would skip an
    unknown number of them.
    """
    names = _count(_narrowed(ranges, _BY_NAME_ALONE))
    return f"""
        WITH addresses AS MATERIALIZED (SELECT {_count(_narrowed(ranges, _BY_ADDRESS))} AS number)
        SELECT number, CASE WHEN number < %(most)s THEN {names} ELSE 0 END FROM addresses
    """  # noqa: S608


def _walk(ranges: list[str], column: str, order: str) -> str:
    """Return a select that reads each range in the order of the list, as far as the page reaches.

    Right where many rows match: the walk meets them soon, wherever they are.
    """
    ordered = (
        f"({_all([index_range], f'u.id, u.{column}')} ORDER BY {order} LIMIT %(reach)s)" for index_range in ranges
    )
    return " UNION ALL ".join(ordered)


def _collection(ranges: list[str], column: str) -> str:
    """Return a select that reads all matches, from an index that holds every column it needs.

    Right where few rows match.
    """
    # Materialized: else the planner walks in order, and may not meet a match for a long time.
    matches = _all(ranges, f"u.id, u.{column}")
    return f"(WITH matches AS MATERIALIZED ({matches}) SELECT * FROM matches)"  # noqa: S608


def _all(ranges: list[str], columns: str) -> str:
    return " UNION ALL ".join(f"SELECT {columns} FROM users u WHERE {index_range}" for index_range in ranges)  # noqa: S608


def _page(parts: list[str], order: str, total: str) -> str:
    """Return the statement that reads a page, with the total before each row; one row of nulls for an empty page.

    One statement has one snapshot, so the total counts the accounts that the page is taken from.

    Args:
        parts: selects of the ids that the page is among, with the columns of the order.
        total: a select of the total.
    """
    # OFFSET 0 makes the planner take the joins as they are written. To compare others takes longer than the query.
    return f"""
        SELECT whole.total, {LISTED_USER_COLUMNS_SQL}
        FROM ({total}) whole (total)
        LEFT JOIN (
            SELECT u.id FROM ({" UNION ALL ".join(parts)}) u ORDER BY {order} OFFSET %(offset)s LIMIT %(limit)s
        ) page ON true
        LEFT JOIN LATERAL (SELECT * FROM users WHERE users.id = page.id OFFSET 0) u ON true
        LEFT JOIN LATERAL (SELECT * FROM user_profiles WHERE user_profiles.user_id = page.id OFFSET 0) p ON true
        ORDER BY {order}
    """  # noqa: S608


def _order(sort: str) -> tuple[str, str]:
    """Return the column of a sort and the whole order."""
    column, direction = sort.removeprefix("-"), "DESC" if sort.startswith("-") else "ASC"
    return column, ", ".join(f"u.{name} {direction}" for name in _COLUMNS[column])


def _prefix(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
