"""The list of users: filtered, sorted and counted at a cost that hardly grows with the table.

Every index that a list is read by begins with the status, or with role and status. So whatever is asked for is a few
*stretches*, one for each status, of one index: a page is their first entries, and a count is a walk along them that is
told where to end.
"""

from app.addresses import canonical, is_address
from app.database import run
from app.text import search_key
from models.account import ACCOUNT_COLUMNS, ACCOUNT_FROM, Account
from models.user import STATUSES

MAX_COUNTED = 10_000

# From this offset on, walking past all that does not match would cost more than sorting all that does, up to so many.
_DEEP, _FEW = 1_000, 100_000

# An address is nobody else's: its order needs no second column.
_COLUMNS = {"created_at": ("created_at", "id"), "updated_at": ("updated_at", "id"), "email": ("email",)}
_DEFAULT_ORDER = "-created_at"

# The column of each begins an index after role and status; collation and operator class make a prefix a range of it.
_BY_ADDRESS = "u.email LIKE %(address)s"
_BY_NAME = "u.name_key LIKE %(name)s"
_BY_NAME_ALONE = f"{_BY_NAME} AND u.email NOT LIKE %(address)s"
_BY_EITHER = f"({_BY_ADDRESS} OR {_BY_NAME})"


def search(
    *, q: str | None, role: str | None, status: str | None, sort: str, offset: int, limit: int
) -> tuple[list[Account], int, bool]:
    """Return a page of accounts.

    Args:
        q: keeps those whose address or display name begins with this, in whatever case and form it is typed.
        role: keeps those with the role of this name; a name no role has keeps none.
        status: keeps those in this state.
        sort: created_at, email or updated_at, with a dash in front for descending; empty: newest first. Ties by id.
        offset: accounts to skip.
        limit: accounts to return at most.

    Returns:
        (accounts, total, whether the total is exact): counted up to 10 000, and 10 000 when there are more.
    """
    params: dict[str, object] = {"offset": offset, "limit": limit, "reach": offset + limit}
    params |= {name: name for name in STATUSES}
    stretches = [f"u.status = %({name})s" for name in STATUSES if status in (None, name)]
    if role is not None:
        # Looked up first: the planner's figures are for role ids, and it plans well only for one that it is shown.
        found = run("SELECT id FROM roles WHERE name = %(role)s", {"role": role})
        if not found:
            return [], 0, True
        params["role_id"] = found[0][0]
        stretches = [f"u.role_id = %(role_id)s AND {stretch}" for stretch in stretches]
    column, order = _order(sort or _DEFAULT_ORDER)
    if q is None:
        params["most"] = MAX_COUNTED + 1
        [(counted,)] = run(f"SELECT {_count(stretches)}", params)
        parts = [_walk(stretches, column, order)]
    else:
        name = search_key(q)
        if not name:  # nothing in it is seen, and every name begins with nothing
            return [], 0, True
        address = canonical(q) if is_address(q) else name
        params |= {"start": address, "address": _prefix(address), "name": _prefix(name)}
        params["most"] = most = (_FEW if offset >= _DEEP else MAX_COUNTED) + 1
        [(addresses, names)] = run(_count_both(stretches), params)
        counted = addresses + names
        parts = _search(stretches, column, order, many_addresses=addresses == most, many_names=names == most)
    rows = run(_page(parts, order), params) if counted > offset else []
    return [Account._make(row) for row in rows], min(counted, MAX_COUNTED), counted <= MAX_COUNTED


def _search(stretches: list[str], column: str, order: str, *, many_addresses: bool, many_names: bool) -> list[str]:
    """Return the selects that find what a search matches: what there is little of is collected, the rest walked to."""
    by_address, by_name_alone = _narrowed(stretches, _BY_ADDRESS), _narrowed(stretches, _BY_NAME_ALONE)
    if not many_addresses:
        by_name = _walk(by_name_alone, column, order) if many_names else _collection(by_name_alone, column)
        return [_collection(by_address, column), by_name]
    if column == "email":
        # Addresses with one prefix lie side by side: walking to them from either end might take all of the others.
        # They are more than the page reaches to, so that nothing behind them is on it.
        before = f"{_BY_NAME_ALONE} AND u.email {'>' if order.endswith('DESC') else '<'} %(start)s"
        return [_walk(by_address, column, order), _collection(_narrowed(stretches, before), column)]
    return [_walk(_narrowed(stretches, _BY_EITHER), column, order)]


# What follows puts statements together from constants of this file only; every value is a parameter.


def _narrowed(stretches: list[str], condition: str) -> list[str]:
    return [f"{stretch} AND {condition}" for stretch in stretches]


def _count(stretches: list[str]) -> str:
    """Return an expression that counts them, up to the most that are counted."""
    return f"(SELECT count(*) FROM ({_all(stretches, '')} LIMIT %(most)s) met)"  # noqa: S608


def _count_both(stretches: list[str]) -> str:
    """Return the statement that counts by address and by name alone; the names only where the addresses are few.

    Else most of the names might be those of accounts whose addresses match, and nobody knows how many to skip.
    """
    names = _count(_narrowed(stretches, _BY_NAME_ALONE))
    return f"""
        WITH addresses AS MATERIALIZED (SELECT {_count(_narrowed(stretches, _BY_ADDRESS))} AS number)
        SELECT number, CASE WHEN number < %(most)s THEN {names} ELSE 0 END FROM addresses
    """  # noqa: S608


def _walk(stretches: list[str], column: str, order: str) -> str:
    """Return a select that reads each stretch in the order asked for, as far as the page reaches.

    The many that match are met soon, wherever they are.
    """
    ordered = (f"({_all([stretch], f'u.id, u.{column}')} ORDER BY {order} LIMIT %(reach)s)" for stretch in stretches)
    return " UNION ALL ".join(ordered)


def _collection(stretches: list[str], column: str) -> str:
    """Return a select that reads all of the few that match, from an index that has all it needs."""
    # Materialized: the planner would rather walk in order, and not meet them for a long time.
    matches = _all(stretches, f"u.id, u.{column}")
    return f"(WITH met AS MATERIALIZED ({matches}) SELECT * FROM met)"  # noqa: S608


def _all(stretches: list[str], columns: str) -> str:
    return " UNION ALL ".join(f"SELECT {columns} FROM users u WHERE {stretch}" for stretch in stretches)  # noqa: S608


def _page(parts: list[str], order: str) -> str:
    found = " UNION ALL ".join(parts)
    page = f"SELECT u.id FROM ({found}) u ORDER BY {order} OFFSET %(offset)s LIMIT %(limit)s"  # noqa: S608
    whole = f"{ACCOUNT_FROM} JOIN ({page}) page ON page.id = u.id"
    return f"SELECT {ACCOUNT_COLUMNS} FROM {whole} ORDER BY {order}"  # noqa: S608


def _order(sort: str) -> tuple[str, str]:
    """Return the column of a sort and the whole order."""
    column, direction = sort.removeprefix("-"), "DESC" if sort.startswith("-") else "ASC"
    return column, ", ".join(f"u.{name} {direction}" for name in _COLUMNS[column])


def _prefix(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
