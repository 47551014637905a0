"""The accounts of the mock: read, inserted and saved. The handlers have the rules."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from app.errors import EmailTaken, NotFound
from app.identifiers import new_id
from app.mock.state import State
from app.mock.tables import AccountRow
from models.user import PROFILE_FIELDS

PROFILE_NAMES = frozenset(str(field.name) for field in PROFILE_FIELDS)


def get(state: State, user_id: UUID) -> AccountRow:
    """Return an account.

    Raises:
        NotFound: no account has this id.
    """
    account = state.tables.accounts.get(user_id)
    if account is None:
        raise NotFound
    return account


def by_email(state: State, email: str) -> AccountRow | None:
    """Return the account with a canonical address."""
    return next((account for account in state.tables.accounts.values() if account.email == email), None)


def insert(
    state: State,
    *,
    email: str,
    password_hash: str,
    role: str,
    verified: bool,
    profile: Mapping[str, str | None],
    now: datetime,
) -> AccountRow | None:
    """Insert an account with its profile; None when another account has the address.

    Raises:
        Unavailable: the mock is full.
    """
    if by_email(state, email) is not None:
        return None
    account = AccountRow(
        id=new_id(),
        email=email,
        status="active",
        verified_at=now if verified else None,
        version=1,
        created_at=now,
        updated_at=now,
        role=role,
        display_name=profile.get("display_name"),
        locale=profile.get("locale"),
        time_zone=profile.get("time_zone"),
        avatar_url=profile.get("avatar_url"),
        bio=profile.get("bio"),
        profile_created_at=now,
        profile_updated_at=now,
        password_hash=password_hash,
    )
    state.add(state.tables.accounts, account.id, account)
    return account


def save(state: State, account: AccountRow, changes: Mapping[str, Any], *, now: datetime) -> AccountRow:
    """Write what changes of an account or its profile, and raise the version; nothing is written when nothing changes.

    Raises:
        EmailTaken: another account has the address.
    """
    changed = {name: value for name, value in changes.items() if value != getattr(account, name)}
    if not changed:
        return account
    if "email" in changed and by_email(state, changed["email"]) is not None:
        raise EmailTaken
    if changed.keys() & PROFILE_NAMES:
        changed["profile_updated_at"] = now
    saved = account._replace(**changed, version=account.version + 1, updated_at=now)
    state.tables.accounts[account.id] = saved
    return saved
