"""auth: creating an account for oneself, and the life of a session."""

from typing import Any

from app.results import Proposal
from app.services import auth, registration
from charter import Context
from handlers.presenters import present_tokens, present_user

Body = dict[str, Any]


def register(context: Context, body: Body) -> dict[str, Any]:
    """Create an account for oneself."""
    registration.register(context, **body)
    return {"status": "pending"}


def login(context: Context, body: Body) -> dict[str, Any]:
    """Sign in."""
    user, tokens = auth.login(context, **body)
    return {**present_tokens(tokens), "user": present_user(user)}


def refresh(context: Context, body: Body) -> dict[str, Any]:
    """Continue a session with new tokens."""
    return present_tokens(auth.refresh(context, **body))


def propose_refresh(context: Context, body: Body) -> Proposal | None:
    """Work out what a refresh returns, before it is made."""
    proposal = auth.propose_refresh(context, **body)
    return proposal.showing(present_tokens(proposal.data)) if proposal else None


def logout(context: Context, body: Body | None) -> None:
    """Sign out here, elsewhere or everywhere."""
    auth.logout(context, **(body or {}))
