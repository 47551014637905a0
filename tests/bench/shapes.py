"""What a good response looks like. A server that returns 200 with something else is no rival."""

from collections.abc import Mapping
from typing import Any

from tests.bench.driver import LoadError
from tests.bench.traffic import EMAIL, USER_ID

_PROFILE = {"display_name", "locale", "time_zone", "avatar_url", "bio"}
_ACCOUNT = {"id", "email", "role", "status", "email_verified", "created_at", "updated_at", "profile"}
_TOKENS = {"access_token", "refresh_token", "token_type", "expires_in"}
# The rivals have no cursor.
_PAGINATION = {"offset", "limit", "total", "total_is_exact", "next", "previous", "next_cursor"}
LIMIT = 20


def check(work: str, who: str, body: Any) -> None:
    """Compare a response with the one that is expected.

    Args:
        work: what was asked for.
        who: the server.
        body: the JSON of the response.

    Raises:
        LoadError: it is another one.
    """
    compare = _GUESTS.get(who) or _COMPARE[work]
    try:
        wrong = compare(body)
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        wrong = repr(error)
    if wrong:
        raise LoadError(f"{who}, {work}: a response of another shape: {wrong}: {str(body)[:500]}")


def _floor(body: Any) -> str:
    return _differs(body["data"], {"id", "name", "size"}) or _meta(body)


def _account(body: Any, email: str = EMAIL) -> str:
    return _account_itself(body["data"], email) or _meta(body)


def _account_itself(data: Any, email: str | None) -> str:
    if email is not None and data["email"] != email:
        return f"email is {data['email']}"
    return _differs(data, _ACCOUNT) or _differs(data["profile"], _PROFILE)


def _page(body: Any) -> str:
    pagination = body["meta"]["pagination"]
    if len(body["data"]) != LIMIT or pagination["total"] < LIMIT:
        return f"{len(body['data'])} accounts, {pagination['total']} in all"
    return (
        _differs({"next_cursor": None, **pagination}, _PAGINATION)
        or _account_itself(body["data"][-1], None)
        or _meta(body)
    )


def _profile(body: Any) -> str:
    if body["data"]["user_id"] != USER_ID:
        return f"user_id is {body['data']['user_id']}"
    return _differs(body["data"], _PROFILE | {"user_id", "created_at", "updated_at"}) or _meta(body)


def _tokens(body: Any) -> str:
    return _differs(body["data"], _TOKENS) or _meta(body)


def _signed_in(body: Any) -> str:
    return _differs(body["data"], _TOKENS | {"user"}) or _meta(body)


def _meta(body: Any) -> str:
    if body["errors"] is not None:
        return "it has errors"
    missing = {"timestamp", "version", "request_id"} - body["meta"].keys()
    return f"meta lacks {', '.join(sorted(missing))}" if missing else ""


def _differs(data: Any, names: set[str]) -> str:
    return f"other properties: {', '.join(sorted(data.keys() ^ names))}" if data.keys() != names else ""


def _fastapi_users(body: Any) -> str:
    return "" if body["email"] == EMAIL and body["is_active"] else "another account"


def _allauth(body: Any) -> str:
    return "" if body["data"]["user"]["email"] == EMAIL and body["meta"]["is_authenticated"] else "another account"


def _better_auth(body: Any) -> str:
    return "" if body["user"]["email"] == EMAIL and body["session"]["id"] else "another account"


_COMPARE: Mapping[str, Any] = {
    "floor": _floor,
    "me": _account,
    "user": _account,
    "list": _page,
    "search": _page,
    "cached": _profile,
    "refresh": _tokens,
    "login": _signed_in,
}
_GUESTS: Mapping[str, Any] = {
    "fastapi-users": _fastapi_users,
    "django-allauth": _allauth,
    "better-auth": _better_auth,
}
