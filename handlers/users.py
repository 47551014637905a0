"""users: all accounts, for those who look after them."""

from typing import Any
from uuid import UUID

from app.context.dependencies import Dependencies
from app.context.event import Event
from app.entity_tags import Versions
from app.results import Listing, Page, Result
from app.security.principal import Principal
from app.services import accounts, user_list, users
from handlers.presenters import present_user
from models.account import Account

Body = dict[str, Any]


def list_users(page: Page, q: str | None, role: str | None, status: str | None) -> Listing:
    """List accounts."""
    found, total, exact = user_list.search(
        q=q, role=role, status=status, sort=page.sort, offset=page.offset, limit=page.limit
    )
    return Listing([present_user(account) for account in found], total, exact)


def create_user(body: Body, principal: Principal, dependencies: Dependencies, event: Event) -> Result:
    """Make an account for somebody else."""
    account = users.create(
        email=body["email"],
        password=body["password"],
        role=body.get("role"),
        email_verified=body.get("email_verified", False),
        profile=body.get("profile", {}),
        actor=principal,
        dependencies=dependencies,
        event=event,
    )
    return Result(present_user(account), location=f"/v1/users/{account.id}")


def get_user(user_id: UUID) -> Result:
    """Read an account."""
    return _answer(accounts.find(user_id))


def update_user(
    *,
    user_id: UUID,
    body: Body,
    principal: Principal,
    expected_version: Versions,
    dependencies: Dependencies,
    event: Event,
) -> Result:
    """Change address and verification."""
    email, verified = body.get("email"), body.get("email_verified")
    account = users.update(
        user_id=user_id,
        email=email,
        email_verified=verified,
        expected_version=expected_version,
        actor=principal,
        dependencies=dependencies,
        event=event,
    )
    return _answer(account)


def delete_user(user_id: UUID, principal: Principal, expected_version: Versions, dependencies: Dependencies) -> None:
    """Delete an account."""
    users.delete(user_id=user_id, expected_version=expected_version, actor=principal, dependencies=dependencies)


def set_user_role(
    *,
    user_id: UUID,
    body: Body,
    principal: Principal,
    expected_version: Versions,
    dependencies: Dependencies,
    event: Event,
) -> Result:
    """Give an account a role."""
    role = body["role"]
    account = users.set_role(
        user_id=user_id,
        role=role,
        expected_version=expected_version,
        actor=principal,
        dependencies=dependencies,
        event=event,
    )
    return _answer(account)


def suspend_user(
    *,
    user_id: UUID,
    body: Body | None,
    principal: Principal,
    expected_version: Versions,
    dependencies: Dependencies,
    event: Event,
) -> Result:
    """Suspend an account."""
    event.details = body
    account = users.suspend(
        user_id=user_id, expected_version=expected_version, actor=principal, dependencies=dependencies
    )
    return _answer(account)


def restore_user(user_id: UUID, principal: Principal, expected_version: Versions, dependencies: Dependencies) -> Result:
    """Let a suspended account sign in again."""
    account = users.restore(
        user_id=user_id, expected_version=expected_version, actor=principal, dependencies=dependencies
    )
    return _answer(account)


def _answer(account: Account) -> Result:
    return Result(present_user(account), version=accounts.etag(account))
