"""sessions: where accounts are signed in."""

from functools import partial
from uuid import UUID

from app.services import sessions
from charter import Context, Listing, Page
from handlers.presenters import present_session


def list_sessions(context: Context, page: Page, user_id: UUID) -> Listing:
    """List the live sessions of an account."""
    live = sessions.list_sessions(context, page, user_id)
    return live.map(partial(present_session, current=context.principal.session_id))


def revoke_session(context: Context, user_id: UUID, session_id: UUID) -> None:
    """End a session."""
    sessions.revoke(context, user_id, session_id)
