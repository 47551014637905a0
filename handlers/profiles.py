"""profiles: what people say about themselves."""

from typing import Any
from uuid import UUID

from app.services import profiles, user_rows
from charter import Context, Result
from handlers.presenters import present_profile
from models import User

Body = dict[str, Any]


def get_profile(user_id: UUID) -> Result:
    """Read a profile."""
    return _result(user_rows.get(user_id))


def replace_profile(context: Context, user_id: UUID, body: Body) -> Result:
    """Replace all five fields."""
    return _result(profiles.replace(context, user_id, **body))


def _result(user: User) -> Result:
    return Result(present_profile(user), version=user_rows.profile_etag(user))
