"""An account as the operator looks at it: found by address or id, with all that is live of it."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from app.addresses import is_address
from app.database import run
from app.errors import NotFound
from app.services import accounts, addresses, attempts, roles
from app.services.tools import Tools
from models.account import Account

_BY_ADDRESS = "SELECT id FROM users WHERE email = %(email)s"

_LIVE_SESSIONS = """
SELECT id, created_at, rotated_at, least(idle_expires_at, expires_at), user_agent, address
FROM sessions
WHERE user_id = %(user_id)s AND ended_at IS NULL AND idle_expires_at > %(now)s AND expires_at > %(now)s
ORDER BY id DESC
"""


class LiveSession(NamedTuple):
    """A session that can still be used.

    Attributes:
        last_refreshed_at: None before the first refresh.
        expires_at: when it ends unless it is refreshed.
    """

    id: UUID
    created_at: datetime
    last_refreshed_at: datetime | None
    expires_at: datetime
    user_agent: str | None
    address: str


class Inspection(NamedTuple):
    """An account and what is live of it.

    Attributes:
        permissions: all that its role holds, sorted.
        sessions: newest first.
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


def inspect(name: str, *, tools: Tools) -> Inspection:
    """Return an account with all that is live of it.

    Args:
        name: its address or id.

    Raises:
        NotFound: there is none.
    """
    account = find_named(name)
    held = roles.by_name(account.role, tools=tools)[account.role].permissions
    live = run(_LIVE_SESSIONS, {"user_id": account.id, "now": tools.clock()})
    return Inspection(
        account,
        sorted(held),
        [LiveSession._make(row) for row in live],
        attempts.waits(email=account.email, user_id=account.id, tools=tools),
    )
