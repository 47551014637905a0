"""users: all accounts, for admins."""

from typing import Any
from uuid import UUID

from app.services import user_rows, user_search, users
from charter import Context, Listing, Page, Result
from handlers.presenters import present_listed_user, present_user
from models import User

Body = dict[str, Any]


def list_users(page: Page, q: str | None, role: str | None, status: str | None) -> Listing:
    """List accounts."""
    return user_search.search(page, q, role, status).map(present_listed_user)


def create_user(context: Context, body: Body) -> Result:
    """Create an account for somebody else."""
    user = users.create(context, **body)
    return Result(present_user(user), location=f"/v1/users/{user.id}")


def get_user(target_user: User) -> Result:
    """Read an account."""
    return _result(target_user)


def update_user(context: Context, user_id: UUID, body: Body) -> Result:
    """Change address and verification."""
    return _result(users.update(context, user_id, **body))


def delete_user(context: Context, user_id: UUID) -> None:
    """Delete an account."""
    users.delete(context, user_id)


def set_user_role(context: Context, user_id: UUID, body: Body) -> Result:
    """Give an account a role."""
    return _result(users.set_role(context, user_id, **body))


def suspend_user(context: Context, user_id: UUID, body: Body | None) -> Result:
    """Suspend an account."""
    return _result(users.suspend(context, user_id, **(body or {})))


def restore_user(context: Context, user_id: UUID) -> Result:
    """Let a suspended account sign in again."""
    return _result(users.restore(context, user_id))


def _result(user: User) -> Result:
    return Result(present_user(user), version=user_rows.etag(user))
