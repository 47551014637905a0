"""The list of users: filtered, sorted and counted at a cost that hardly grows with the table."""

from app.database import run
from app.services.addresses import canonical
from models.account import ACCOUNT_COLUMNS, ACCOUNT_FROM, Account

MOST_COUNTED = 10_000

_ORDERS = {
    f"{sign}{column}": f"u.{column} {direction}, u.id {direction}"
    for column in ("created_at", "email", "updated_at")
    for sign, direction in (("", "ASC"), ("-", "DESC"))
}
_DEFAULT_ORDER = "-created_at"

_USERS = "users u"
_USERS_WITH_PROFILES = "users u JOIN user_profiles p ON p.user_id = u.id"
# Each on an index of its own; collation and operator class of the two make a prefix a range.
_BY_ADDRESS = "u.email LIKE %(address)s"
_BY_NAME = "lower(p.display_name) LIKE lower(%(name)s)"
_NAMED = f"(SELECT p.user_id AS id FROM user_profiles p WHERE {_BY_NAME} LIMIT %(most)s)"  # noqa: S608 (constants)


def search(
    *, q: str | None, role: str | None, status: str | None, sort: str, offset: int, limit: int
) -> tuple[list[Account], int, bool]:
    """Return a page of accounts.

    Args:
        q: keeps those whose address or display name begins with this, whatever the case.
        role: keeps those with the role of this name; a name no role has keeps none.
        status: keeps those in this state.
        sort: created_at, email or updated_at, with a dash in front for descending; empty: newest first. Ties by id.
        offset: accounts to skip.
        limit: accounts to return at most.

    Returns:
        (accounts, total, whether the total is exact): counted up to 10 000, and 10 000 when there are more.
    """
    params: dict[str, object] = {"status": status, "offset": offset, "limit": limit, "most": MOST_COUNTED + 1}
    filters = ["u.status = %(status)s"] if status else []
    if role is not None:
        # Looked up first: the planner's figures are for role ids, and it plans well only for one that it is shown.
        found = run("SELECT id FROM roles WHERE name = %(role)s", {"role": role})
        if not found:
            return [], 0, True
        params["role_id"] = found[0][0]
        filters.append("u.role_id = %(role_id)s")
    if q is None:
        branches = [_matches(_USERS, filters)]
    else:
        params |= {"address": _prefix(canonical(q)), "name": _prefix(q)}
        by_name = _matches(_USERS_WITH_PROFILES, [_BY_NAME, *filters]) if filters else _NAMED
        branches = [_matches(_USERS, [_BY_ADDRESS, *filters]), by_name]
    matches = " UNION ".join(branches)
    counted = run(_count(matches), params)[0][0]
    if q is None:
        source = f"{_USERS}{_where(filters)}"
    elif counted <= MOST_COUNTED:
        source = f"{_USERS} WHERE u.id IN ({matches})"
    else:
        # So many match that walking in the order asked for meets a page of them soon.
        source = f"{_USERS_WITH_PROFILES}{_where([f'({_BY_ADDRESS} OR {_BY_NAME})', *filters])}"
    rows = run(_page(source, _ORDERS[sort or _DEFAULT_ORDER]), params)
    return [Account._make(row) for row in rows], min(counted, MOST_COUNTED), counted <= MOST_COUNTED


# What follows puts statements together from constants of this file only; every value is a parameter.


def _matches(source: str, conditions: list[str]) -> str:
    return f"(SELECT u.id FROM {source}{_where(conditions)} LIMIT %(most)s)"  # noqa: S608


def _count(matches: str) -> str:
    return f"SELECT count(*) FROM ({matches}) matches"  # noqa: S608


def _page(source: str, order: str) -> str:
    page = f"SELECT u.id FROM {source} ORDER BY {order} OFFSET %(offset)s LIMIT %(limit)s"  # noqa: S608
    whole = f"{ACCOUNT_FROM} JOIN ({page}) page ON page.id = u.id"
    return f"SELECT {ACCOUNT_COLUMNS} FROM {whole} ORDER BY {order}"  # noqa: S608


def _where(conditions: list[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def _prefix(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
