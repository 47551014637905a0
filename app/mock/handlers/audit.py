"""audit: the decisions and events of the audit trail."""

from datetime import datetime

from app.mock.dependencies import state_of
from app.services.audit_search import COMMAND, AuditEntry, Filters
from charter import Context, CursorListing, CursorPage
from handlers.presenters import present_audit_event

Text = str | None
Time = datetime | None


def list_audit_events(
    context: Context, page: CursorPage,
    actor: Text, action: Text, outcome: Text, kind: Text, target: Text, since: Time, until: Time,
) -> CursorListing:  # fmt: skip
    """List decisions and events, newest first, without the decision that allows this request."""
    filters = Filters(actor, action, outcome, kind, target, since, until)
    found = [
        entry
        for entry in sorted(state_of(context).trail, key=lambda entry: entry.id, reverse=True)
        if entry.id != context.decision_id and (page.after is None or entry.id < page.after) and _has(entry, filters)
    ]
    shown = found[: page.limit]
    listing = CursorListing(shown, shown[-1].id if len(found) > page.limit else None)
    return listing.map(present_audit_event)


def _has(entry: AuditEntry, filters: Filters) -> bool:
    actor = None if filters.actor == COMMAND else filters.actor
    target_type, _, target_id = (filters.target or "").partition(":")
    return (
        filters.actor != COMMAND
        and actor in (None, str(entry.actor_id))
        and filters.action in (None, entry.action)
        and filters.outcome in (None, entry.outcome)
        and filters.kind in (None, entry.kind)
        and target_type in ("", entry.target_type)
        and target_id.lower() in ("", (entry.target_id or "").lower())
        and (filters.since is None or entry.occurred_at >= filters.since)
        and (filters.until is None or entry.occurred_at < filters.until)
    )
