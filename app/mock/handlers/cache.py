"""cache: the mock caches nothing, so an invalidation only says how many tags it names."""

from typing import Any

from app.services import invalidations
from charter import Context

Body = dict[str, Any]


def invalidate_cache(context: Context, body: Body) -> dict[str, int]:
    """Check the tags."""
    tags = invalidations.known_tags(context, body.get("tags", ()), everything=body.get("all", False))
    context.event.details = {"tags": tags}
    return {"tags": len(tags)}
