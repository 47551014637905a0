"""sessions: where accounts are signed in."""

from uuid import UUID

from app.context.dependencies import Dependencies
from app.entity_tags import Versions
from app.results import Listing, Page
from app.security.principal import Principal
from app.services import sessions
from handlers.presenters import present_session


def list_sessions(user_id: UUID, page: Page, principal: Principal, dependencies: Dependencies) -> Listing:
    """List the live sessions of an account."""
    found, total, exact = sessions.listing(
        user_id=user_id, offset=page.offset, limit=page.limit, dependencies=dependencies
    )
    shown = [present_session(session, current=principal.session_id) for session in found]
    return Listing(shown, total, exact)


def revoke_session(
    user_id: UUID, session_id: UUID, principal: Principal, expected_version: Versions, dependencies: Dependencies
) -> None:
    """End a session."""
    sessions.revoke(
        user_id=user_id,
        session_id=session_id,
        expected_version=expected_version,
        actor=principal,
        dependencies=dependencies,
    )
