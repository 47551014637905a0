"""users: all accounts, for admins."""

from typing import Any
from uuid import UUID

from app.addresses import canonical, is_address
from app.errors import EmailTaken, LastAdmin
from app.mock import accounts, sessions
from app.mock.dependencies import MockDependencies, dependencies_of
from app.mock.listing import page_of
from app.mock.roles import require_actor_holds
from app.mock.state import State
from app.mock.tables import AccountRow
from app.services import account_addresses, user_rows, users
from app.services.rights import ADMIN, GUEST, USER
from app.text import search_key
from charter import Context, Dependencies, Listing, Page, Position, Result
from handlers.presenters import present_user

Body = dict[str, Any]


def list_users(dependencies: Dependencies, page: Page, q: str | None, role: str | None, status: str | None) -> Listing:
    """List accounts."""
    assert isinstance(dependencies, MockDependencies)
    rows = [
        row
        for row in dependencies.state.tables.accounts.values()
        if role in (None, row.role) and status in (None, row.status) and (q is None or _matches(row, q))
    ]
    column = (page.sort or "-created_at").removeprefix("-")
    descending = not page.sort or page.sort.startswith("-")

    def position(row: AccountRow) -> Position:
        value = getattr(row, column)
        return Position(value if isinstance(value, str) else value.isoformat(timespec="microseconds"), row.id)

    rows.sort(key=position, reverse=descending)
    return page_of(rows, page, position, descending=descending).map(lambda row: present_user(row.user))


def create_user(context: Context, body: Body) -> Result:
    """Create an account for somebody else."""
    dependencies, profile = dependencies_of(context), body.get("profile") or {}
    address, verified = account_addresses.accept(body["email"]), body.get("email_verified", False)
    words = account_addresses.own_words(address, profile.get("display_name"))
    dependencies.passwords.check(body["password"], own_words=words)
    role = _role_once_verified(body.get("role") or GUEST, verified)
    require_actor_holds(context, role)
    account = accounts.insert(
        dependencies.state,
        email=address,
        password_hash=dependencies.passwords.hash(body["password"]),
        role=role,
        verified=verified,
        profile=profile,
        now=dependencies.clock(),
    )
    if account is None:
        raise EmailTaken
    context.event.details = {"user_id": str(account.id), "role": role}
    return Result(present_user(account.user), location=f"/v1/users/{account.id}")


def get_user(dependencies: Dependencies, user_id: UUID) -> Result:
    """Read an account."""
    assert isinstance(dependencies, MockDependencies)
    return _result(accounts.get(dependencies.state, user_id))


def update_user(context: Context, user_id: UUID, body: Body) -> Result:
    """Change address and verification."""
    dependencies = dependencies_of(context)
    address = account_addresses.accept(body["email"]) if body.get("email") is not None else None
    verified, now = body.get("email_verified"), dependencies.clock()
    account = accounts.get(dependencies.state, user_id)
    moved = address is not None and address != account.email
    verified_at = None if moved or verified is False else account.verified_at
    if verified:
        verified_at = verified_at or now
    role = _role_once_verified(account.role, bool(verified))
    require_actor_holds(context, *([role] if role != account.role else []), user_id=user_id)
    user_rows.require_version(context, account.user)
    changes = {"email": address or account.email, "verified_at": verified_at, "role": role}
    details = {"changed": users.changed_properties(account.user, changes)}
    saved = accounts.save(dependencies.state, account, changes, now=now)
    context.event.details = details
    return _result(saved)


def delete_user(context: Context, user_id: UUID) -> None:
    """Delete an account."""
    dependencies = dependencies_of(context)
    _changeable(context, user_id)
    # The ended sessions stay for the statistics.
    sessions.end(dependencies.state, user_id, now=dependencies.clock())
    del dependencies.state.tables.accounts[user_id]


def set_user_role(context: Context, user_id: UUID, body: Body) -> Result:
    """Give an account a role."""
    dependencies, role = dependencies_of(context), body["role"]
    account = accounts.get(dependencies.state, user_id)
    context.event.details = {"from": account.role, "to": role}
    _changeable(context, user_id, new_role=role)
    return _result(accounts.save(dependencies.state, account, {"role": role}, now=dependencies.clock()))


def suspend_user(context: Context, user_id: UUID, body: Body | None) -> Result:
    """Suspend an account."""
    dependencies, reason = dependencies_of(context), (body or {}).get("reason")
    now = dependencies.clock()
    context.event.details = {"reason": reason} if reason else None
    account = accounts.save(dependencies.state, _changeable(context, user_id), {"status": "suspended"}, now=now)
    sessions.end(dependencies.state, user_id, now=now)
    return _result(account)


def restore_user(context: Context, user_id: UUID) -> Result:
    """Let a suspended account sign in again."""
    dependencies = dependencies_of(context)
    account = accounts.get(dependencies.state, user_id)
    require_actor_holds(context, user_id=user_id)
    user_rows.require_version(context, account.user)
    return _result(accounts.save(dependencies.state, account, {"status": "active"}, now=dependencies.clock()))


def _changeable(context: Context, user_id: UUID, *, new_role: str | None = None) -> AccountRow:
    """Return an account that the actor may take away, or give a new role.

    Raises:
        NotFound, ValidationError, Forbidden, LastAdmin, PreconditionFailed
    """
    state = dependencies_of(context).state
    account = accounts.get(state, user_id)
    require_actor_holds(context, *([new_role] if new_role else []), user_id=user_id)
    if new_role != ADMIN and account.role == ADMIN and not _has_other_admin(state, account):
        raise LastAdmin
    user_rows.require_version(context, account.user)
    return account


def _has_other_admin(state: State, account: AccountRow) -> bool:
    others = (row for row in state.tables.accounts.values() if row.id != account.id)
    return any(row.role == ADMIN and row.status == "active" for row in others)


def _matches(row: AccountRow, q: str) -> bool:
    name = search_key(q)
    if not name:  # q has no visible character
        return False
    address = canonical(q) if is_address(q) else name
    return row.email.startswith(address) or search_key(row.display_name or "").startswith(name)


def _role_once_verified(role: str, verified: bool) -> str:
    return USER if role == GUEST and verified else role


def _result(account: AccountRow) -> Result:
    return Result(present_user(account.user), version=user_rows.etag(account.user))
