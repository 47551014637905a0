"""me: the account one is signed in with."""

from typing import Any

from app.context.dependencies import Dependencies
from app.entity_tags import Versions
from app.results import Result
from app.security.principal import Client, Principal
from app.services import accounts, auth, profiles
from handlers.presenters import present_user

Body = dict[str, Any]


def get_me(principal: Principal) -> Result:
    """Read one's account, as the session statement just found it."""
    return Result(present_user(principal.account), version=accounts.etag(principal.account))


def update_me(body: Body, principal: Principal, expected_version: Versions, dependencies: Dependencies) -> Result:
    """Change one's profile."""
    account = profiles.change(
        user_id=principal.user_id,
        fields=body,
        expected_version=expected_version,
        actor=principal,
        dependencies=dependencies,
    )
    return Result(present_user(account), version=accounts.etag(account))


def change_password(body: Body, principal: Principal, client: Client, dependencies: Dependencies) -> None:
    """Change one's password."""
    auth.change_password(
        principal=principal,
        current=body["current_password"],
        new=body["new_password"],
        client=client,
        dependencies=dependencies,
    )
