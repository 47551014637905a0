"""audit: what was decided and done, for those who must answer for it."""

from datetime import datetime
from uuid import UUID

from app.results import CursorListing, CursorPage
from app.services import audit_trail
from handlers.presenters import present_audit_event

Text = str | None
Moment = datetime | None


def list_audit_events(
    page: CursorPage, decision_id: UUID, actor: Text, action: Text, outcome: Text, kind: Text, target: Text,
    since: Moment, until: Moment,
) -> CursorListing:  # fmt: skip
    """List decisions and events."""
    filters = {"actor": actor, "action": action, "outcome": outcome, "kind": kind, "target": target}
    found, following = audit_trail.search(
        after=page.after, limit=page.limit, own=decision_id, since=since, until=until, **filters
    )
    return CursorListing([present_audit_event(entry) for entry in found], following)
