"""An account as the operator looks at it: found by address or id, with all that is live of it."""

from typing import NamedTuple
from uuid import UUID

from app.addresses import is_address
from app.context.context import Context
from app.context.dependencies import Dependencies
from app.database import run
from app.errors import NotFound
from app.services import accounts, addresses, attempts, roles, sessions
from app.services.sessions import LiveSession
from models.account import Account

_BY_ADDRESS = "SELECT id FROM users WHERE email = %(email)s"

# More than anybody looks at; the API pages through them all.
_MAX_SESSIONS = 100


class Inspection(NamedTuple):
    """An account and what is live of it.

    Attributes:
        permissions: all that its role holds, sorted.
        sessions: the newest 100.
        waits: seconds before it can sign in, by network; see `attempts.waits`.
    """

    account: Account
    permissions: list[str]
    sessions: list[LiveSession]
    waits: dict[str, int]


def find_named(name: str) -> Account:
    """Return the account with an address, in whatever spelling, or with an id.

    Raises:
        NotFound: there is none.
    """
    if "@" not in name:
        try:
            user_id = UUID(name)
        except ValueError:
            raise NotFound("This is neither an address nor an id.") from None
        try:
            return accounts.find(user_id)
        except NotFound:
            raise NotFound("No account has this id.") from None
    rows = run(_BY_ADDRESS, {"email": addresses.canonical(name)}) if is_address(name) else []
    if not rows:
        raise NotFound("No account has this address.")
    return accounts.find(rows[0][0])


def inspect(account: Account, *, dependencies: Dependencies) -> Inspection:
    """Return an account with all that is live of it."""
    held = roles.find(Context(dependencies), account.role).permissions
    live, _, _ = sessions.listing(user_id=account.id, offset=0, limit=_MAX_SESSIONS, dependencies=dependencies)
    return Inspection(
        account,
        sorted(held),
        live,
        attempts.waits(email=account.email, user_id=account.id, dependencies=dependencies),
    )
