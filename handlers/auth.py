"""auth: making an account, and the life of a session."""

from typing import Any

from app.security.principal import Client, Principal
from app.services import auth, users
from app.services.audit import Event
from app.services.tools import Tools
from handlers.presenters import present_tokens, present_user


def register(body: dict[str, Any], tools: Tools, event: Event) -> dict[str, Any]:
    """Make an account for oneself."""
    users.register(
        email=body["email"],
        password=body["password"],
        display_name=body.get("display_name"),
        invitation_code=body.get("invitation_code"),
        tools=tools,
        event=event,
    )
    return {"status": "pending"}


def login(body: dict[str, Any], client: Client, tools: Tools, event: Event) -> dict[str, Any]:
    """Sign in."""
    signed_in = auth.login(email=body["email"], password=body["password"], client=client, tools=tools, event=event)
    return {**present_tokens(signed_in.tokens), "user": present_user(signed_in.account)}


def refresh(body: dict[str, Any], tools: Tools, event: Event) -> dict[str, Any]:
    """Carry a session on."""
    return present_tokens(auth.refresh(refresh_token=body["refresh_token"], tools=tools, event=event))


def logout(body: dict[str, Any] | None, principal: Principal, tools: Tools) -> None:
    """Sign out here, elsewhere or everywhere."""
    auth.logout(principal=principal, scope=(body or {}).get("scope", "this"), tools=tools)
