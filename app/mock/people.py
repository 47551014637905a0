"""The rows of a mock that has just started: three accounts to sign in with, one of them that of the examples.

The account with the role `user` has the id that the examples of the document name, and no account has their address. So
an example that reads, and one that creates an account, both succeed.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from app.identifiers import lowest_id
from app.mock.tables import AccountRow, RoleRow, SessionRow, Tables
from app.services.rights import ADMIN, GUEST, USER
from app.services.sessions import FIRST_GENERATION
from app.spec.permissions import Permission

PASSWORD = "marmalade lantern 7 quarry"  # noqa: S105  # of every account of the mock, and of the document's examples
EXAMPLE_VERSION = 7
"""The version that the document's examples of ETags have."""

_BUILT_IN = {
    ADMIN: "Holds every permission.",
    USER: "Signed in, with a verified address.",
    GUEST: "Signed in, with an address not yet verified.",
}
_BUILT_IN_VERSION = 1
_BEGIN = datetime(2026, 1, 31, 12, tzinfo=UTC)
_FIRST = ("Alba", "Bela", "Cleo", "Dara", "Enzo", "Fern", "Gwen", "Hugo", "Iris", "Juno", "Kofi", "Lina", "Milo")
_LAST = ("Adler", "Brook", "Cerny", "Dumas", "Evans", "Fuchs", "Grant", "Haas", "Ito", "Jonas", "Klein", "Lopez")


class ExampleAccount(NamedTuple):
    """An account whose password everybody knows."""

    email: str
    role: str
    display_name: str


ACCOUNTS = (
    ExampleAccount("admin@example.com", ADMIN, "Grace Hopper"),
    ExampleAccount("user@example.com", USER, "Ursula Franklin"),
    ExampleAccount("guest@example.com", GUEST, "Gus"),
)


class Seed(NamedTuple):
    """What the first rows are made from.

    Attributes:
        permissions: those of the document.
        path_examples: the example of each path parameter, by its name.
        password_hash: of PASSWORD.
        key_id: of the present refresh keys.
        number: decides about the accounts besides ACCOUNTS.
        accounts: how many accounts there are.
        clock: returns the present moment.
    """

    permissions: Mapping[str, Permission]
    path_examples: Mapping[str, Any]
    password_hash: str
    key_id: str
    number: int
    accounts: int
    clock: Callable[[], datetime]


def make_tables(seed: Seed) -> Tables:
    """Return the first rows; the same seed makes the same ones, but for the times of the session."""
    tables, chance = Tables(last_role_version=_BUILT_IN_VERSION), Random(seed.number)
    for name, description in _BUILT_IN.items():
        held = frozenset(each for each, permission in seed.permissions.items() if name in permission.roles)
        _add_role(tables, name, description, held)
    for index in range(max(seed.accounts, len(ACCOUNTS))):
        account = ACCOUNTS[index] if index < len(ACCOUNTS) else _somebody(index, chance)
        row = _account(account, index, chance, seed)
        tables.accounts[row.id] = row
    if "session_id" in seed.path_examples:
        session = _session(seed, UUID(str(seed.path_examples["session_id"])), tables)
        tables.sessions[session.id] = session
    return tables


def _add_role(tables: Tables, name: str, description: str, held: frozenset[str]) -> None:
    tables.roles[name] = RoleRow(name, description, True, name == ADMIN, held, _BUILT_IN_VERSION, _BEGIN, _BEGIN)


def _somebody(index: int, chance: Random) -> ExampleAccount:
    first, last = chance.choice(_FIRST), chance.choice(_LAST)
    return ExampleAccount(f"{first}.{last}{index}@example.com".lower(), USER, f"{first} {last}")


def _account(account: ExampleAccount, index: int, chance: Random, seed: Seed) -> AccountRow:
    made_at = _BEGIN - timedelta(minutes=index)
    account_id = UUID(int=lowest_id(made_at).int | chance.getrandbits(62))
    is_example = account in ACCOUNTS and account.role == USER
    if is_example and "user_id" in seed.path_examples:
        account_id = UUID(str(seed.path_examples["user_id"]))
    return AccountRow(
        id=account_id,
        email=account.email,
        status="active",
        verified_at=made_at if account.role != GUEST else None,
        version=EXAMPLE_VERSION if is_example else 1,
        created_at=made_at,
        updated_at=made_at,
        role=account.role,
        display_name=account.display_name,
        locale="en-GB",
        time_zone="Europe/London",
        avatar_url=None,
        bio=None,
        profile_created_at=made_at,
        profile_updated_at=made_at,
        password_hash=seed.password_hash,
    )


def _session(seed: Seed, session_id: UUID, tables: Tables) -> SessionRow:
    now = seed.clock()
    owner = next(row for row in tables.accounts.values() if row.role == USER)
    return SessionRow(
        id=session_id,
        user=owner.id,
        generation=FIRST_GENERATION,
        key_id=seed.key_id,
        created_at=now,
        rotated_at=None,
        idle_expires_at=now + timedelta(days=30),
        expires_at=now + timedelta(days=90),
        ended_at=None,
        user_agent="Mozilla/5.0 (X11; Linux x86_64)",
        address="203.0.113.9",
    )
