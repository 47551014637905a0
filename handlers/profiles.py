"""profiles: what people say about themselves."""

from typing import Any
from uuid import UUID

from app.context.dependencies import Dependencies
from app.entity_tags import Versions
from app.results import Result
from app.security.principal import Principal
from app.services import accounts, profiles
from handlers.presenters import present_profile

Body = dict[str, Any]


def get_profile(user_id: UUID) -> Result:
    """Read a profile."""
    account = accounts.find(user_id)
    return Result(present_profile(account), version=accounts.profile_etag(account))


def replace_profile(
    user_id: UUID, body: Body, principal: Principal, expected_version: Versions, dependencies: Dependencies
) -> Result:
    """Replace all five fields."""
    account = profiles.change(
        user_id=user_id,
        fields=body,
        expected_version=expected_version,
        require=accounts.require_profile,
        actor=principal,
        dependencies=dependencies,
    )
    return Result(present_profile(account), version=accounts.profile_etag(account))
