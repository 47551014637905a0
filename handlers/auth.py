"""auth: making an account, and the life of a session."""

from typing import Any

from app.context.dependencies import Dependencies
from app.context.event import Event
from app.security.principal import Client, Principal
from app.services import auth, users
from handlers.presenters import present_tokens, present_user


def register(body: dict[str, Any], dependencies: Dependencies, event: Event) -> dict[str, Any]:
    """Make an account for oneself."""
    users.register(
        email=body["email"],
        password=body["password"],
        display_name=body.get("display_name"),
        invitation_code=body.get("invitation_code"),
        dependencies=dependencies,
        event=event,
    )
    return {"status": "pending"}


def login(body: dict[str, Any], client: Client, dependencies: Dependencies, event: Event) -> dict[str, Any]:
    """Sign in."""
    signed_in = auth.login(
        email=body["email"], password=body["password"], client=client, dependencies=dependencies, event=event
    )
    return {**present_tokens(signed_in.tokens), "user": present_user(signed_in.account)}


def refresh(body: dict[str, Any], dependencies: Dependencies, event: Event) -> dict[str, Any]:
    """Carry a session on."""
    return present_tokens(auth.refresh(refresh_token=body["refresh_token"], dependencies=dependencies, event=event))


def logout(body: dict[str, Any] | None, principal: Principal, dependencies: Dependencies) -> None:
    """Sign out here, elsewhere or everywhere."""
    auth.logout(principal=principal, scope=(body or {}).get("scope", "this"), dependencies=dependencies)
