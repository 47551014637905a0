"""audit: the decisions and events of the audit trail."""

from datetime import datetime

from app.services import audit_search
from app.services.audit_search import Filters
from charter import Context, CursorListing, CursorPage
from handlers.presenters import present_audit_event

Text = str | None
Time = datetime | None


def list_audit_events(
    context: Context, page: CursorPage,
    actor: Text, action: Text, outcome: Text, kind: Text, target: Text, since: Time, until: Time,
) -> CursorListing:  # fmt: skip
    """List decisions and events."""
    filters = Filters(actor, action, outcome, kind, target, since, until)
    return audit_search.search(context, page, filters).map(present_audit_event)
