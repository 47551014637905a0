"""sessions: where accounts are signed in."""

from uuid import UUID

from app import entity_tags
from app.errors import NotFound
from app.mock import accounts
from app.mock.dependencies import dependencies_of
from app.mock.listing import page_of
from app.mock.roles import require_actor_holds
from charter import Context, Listing, Page
from handlers.presenters import present_session


def list_sessions(context: Context, page: Page, user_id: UUID) -> Listing:
    """List the live sessions of an account."""
    dependencies = dependencies_of(context)
    accounts.get(dependencies.state, user_id)
    now = dependencies.clock()
    live = [row for row in dependencies.state.tables.sessions.values() if row.user == user_id and row.is_live(now)]
    live.sort(key=lambda row: row.id, reverse=True)
    current = context.principal.session_id
    return page_of(live, page).map(lambda row: present_session(row.session, current=current))


def revoke_session(context: Context, user_id: UUID, session_id: UUID) -> None:
    """End a session."""
    dependencies = dependencies_of(context)
    sessions, now = dependencies.state.tables.sessions, dependencies.clock()
    if user_id != context.principal.user_id:
        accounts.get(dependencies.state, user_id)
        require_actor_holds(context, user_id=user_id)
    session = sessions.get(session_id)
    if session is None or session.user != user_id or not session.is_live(now):
        raise NotFound
    entity_tags.check_if_match(context.expected_version, None)
    sessions[session_id] = session._replace(ended_at=now)
