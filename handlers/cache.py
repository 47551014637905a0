"""cache: what is kept of answers, for those who have to drop it by hand."""

from typing import Any

from app.context.dependencies import Dependencies
from app.context.event import Event
from app.services import invalidations

Body = dict[str, Any]


def invalidate_cache(body: Body, dependencies: Dependencies, event: Event) -> dict[str, int]:
    """Drop what is cached."""
    number = invalidations.request(
        tags=body.get("tags", ()),
        everything=body.get("all", False),
        known=dependencies.tags,
        store=dependencies.store,
        event=event,
    )
    return {"tags": number}
