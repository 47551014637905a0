"""The list of users: filtered, sorted and counted at a cost that hardly grows with the table.

Every index that a list reads begins with the status, or with role and status. So each list is a few ranges of one
index, one for each status: a page is their first entries. `user_counts` has the total of a list without a search; the
count of a search walks along its ranges up to a limit.

All statements are SQL text: hot (list_users), and put together from ranges.
"""

from app.addresses import canonical, is_address
from app.results import MAX_COUNTED
from app.services import user_statistics
from app.text import search_key
from charter import Listing, Page, fetch_one, run
from models import Role
from models.listed_user import LISTED_USER_COLUMNS_SQL, ListedUser
from models.user import STATUSES

# From this offset on, walking past all that does not match would cost more than sorting all that does, up to a limit.
_DEEP_OFFSET, _MAX_SORTED = 1_000, 100_000

# An address belongs to one user only: its order needs no second column.
_COLUMNS = {"created_at": ("created_at", "id"), "updated_at": ("updated_at", "id"), "email": ("email",)}
_DEFAULT_ORDER = "-created_at"

# The column of each begins an index after role and status; collation and operator class make a prefix a range of it.
_BY_ADDRESS = "u.email LIKE %(address)s"
_BY_NAME = "u.name_key LIKE %(name)s"
_BY_NAME_ALONE = f"{_BY_NAME} AND u.email NOT LIKE %(address)s"
_BY_EITHER = f"({_BY_ADDRESS} OR {_BY_NAME})"

_NOBODY = Listing([], 0, True)


def search(page: Page, q: str | None = None, role: str | None = None, status: str | None = None) -> Listing:
    """Return a page of users, each a ListedUser.

    Args:
        page: sorted by created_at, email or updated_at, with a dash in front for descending; empty: newest first. Ties
            are sorted by id.
        q: keeps those whose address or display name begins with this, in any letter case and spelling.
        role: keeps those with the role of this name; a name that no role has keeps none.
        status: keeps those with this status.
    """
    params: dict[str, object] = {"offset": page.offset, "limit": page.limit, "reach": page.offset + page.limit}
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
    column, order = _order(page.sort or _DEFAULT_ORDER)
    if q is None:
        parts, total = [_walk(ranges, column, order)], user_statistics.total_sql(by_role=role is not None)
    else:
        name = search_key(q)
        if not name:  # q holds no visible character, and every name begins with nothing
            return _NOBODY
        address = canonical(q) if is_address(q) else name
        params |= {"start": address, "address": _prefix(address), "name": _prefix(name)}
        params["most"] = most = (_MAX_SORTED if page.offset >= _DEEP_OFFSET else MAX_COUNTED) + 1
        [(addresses, names)] = run(_count_both(ranges), params)
        params["counted"] = counted = addresses + names
        if counted <= page.offset:
            return _listing([], counted)
        parts = _search(ranges, column, order, many_addresses=addresses == most, many_names=names == most)
        total = "SELECT %(counted)s"
    rows = run(_page(parts, order, total), params)
    return _listing([ListedUser._make(row[1:]) for row in rows if row[1] is not None], rows[0][0])


def _listing(users: list[ListedUser], counted: int) -> Listing:
    return Listing(users, min(counted, MAX_COUNTED), counted <= MAX_COUNTED)


def _search(ranges: list[str], column: str, order: str, *, many_addresses: bool, many_names: bool) -> list[str]:
    """Return the selects that find what a search matches.

    Where few rows match, all of them are collected; where many match, the index is read in the order of the list.
    """
    by_address, by_name_alone = _narrowed(ranges, _BY_ADDRESS), _narrowed(ranges, _BY_NAME_ALONE)
    if not many_addresses:
        by_name = _walk(by_name_alone, column, order) if many_names else _collection(by_name_alone, column)
        return [_collection(by_address, column), by_name]
    if column == "email":
        # Addresses with one prefix lie side by side, and walking to them from either end could pass all others. They
        # are more than the page reaches to, so nothing behind them is on it.
        before = f"{_BY_NAME_ALONE} AND u.email {'>' if order.endswith('DESC') else '<'} %(start)s"
        return [_walk(by_address, column, order), _collection(_narrowed(ranges, before), column)]
    return [_walk(_narrowed(ranges, _BY_EITHER), column, order)]


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
