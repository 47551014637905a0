"""cache: what is kept of answers, for those who have to drop it by hand."""

from typing import Any

from app.services import invalidations
from app.services.audit import Event
from app.services.tools import Tools

Body = dict[str, Any]


def invalidate_cache(body: Body, tools: Tools, event: Event) -> dict[str, int]:
    """Drop what is cached."""
    number = invalidations.request(
        tags=body.get("tags", ()),
        everything=body.get("all", False),
        known=tools.tags,
        store=tools.store,
        event=event,
    )
    return {"tags": number}
