"""An account as the operator looks at it: found by address or id, with its live sessions and waits."""

from typing import NamedTuple
from uuid import UUID

from app.addresses import canonical, is_address
from app.errors import NotFound
from app.services import roles, sessions, sign_in_attempts, user_rows
from charter import Context, Page, fetch_one
from models import Session, User

# More than anybody looks at; the API pages through them all.
_MAX_SESSIONS = 100


class Inspection(NamedTuple):
    """An account with what belongs to it at the moment.

    Attributes:
        permissions: all that its role holds, sorted.
        sessions: the newest 100 live ones.
        waits: seconds before it can sign in, by network; see `sign_in_attempts.waits`.
    """

    user: User
    permissions: list[str]
    sessions: list[Session]
    waits: dict[str, int]


def find(address_or_id: str) -> User:
    """Return the account with this address, in any spelling, or with this id.

    Raises:
        NotFound: there is none.
    """
    if "@" not in address_or_id:
        try:
            user_id = UUID(address_or_id)
        except ValueError:
            raise NotFound("This is neither an address nor an id.") from None
        try:
            return user_rows.get(user_id)
        except NotFound:
            raise NotFound("No account has this id.") from None
    address = canonical(address_or_id) if is_address(address_or_id) else ""
    user = fetch_one(User.select(User.id).where(User.email == address)) if address else None
    if user is None:
        raise NotFound("No account has this address.")
    return user_rows.get(user.id)


def inspect(context: Context, user: User) -> Inspection:
    """Return a user with its permissions, live sessions and waits."""
    return Inspection(
        user,
        sorted(roles.find(context, user.role.name).permissions),
        list(sessions.list_sessions(context, Page(0, _MAX_SESSIONS, ""), user.id).items),
        sign_in_attempts.waits(context, user),
    )
