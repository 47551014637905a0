"""me: the account that the caller is signed in with."""

from typing import Any

from app.services import auth, profiles, user_rows
from charter import Context, Principal, Result
from handlers.presenters import present_user

Body = dict[str, Any]


def get_me(principal: Principal) -> Result:
    """Read one's account, as the session statement just read it."""
    return Result(present_user(principal.user), version=user_rows.etag(principal.user))


def update_me(context: Context, body: Body) -> Result:
    """Change one's profile."""
    user = profiles.update_own(context, **body)
    return Result(present_user(user), version=user_rows.etag(user))


def change_password(context: Context, body: Body) -> None:
    """Change one's password."""
    auth.change_password(context, **body)
