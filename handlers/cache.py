"""cache: invalidates cache entries by hand."""

from typing import Any

from app.services import invalidations
from charter import Context

Body = dict[str, Any]


def invalidate_cache(context: Context, body: Body) -> dict[str, int]:
    """Invalidate cache entries."""
    tags, everything = body.get("tags", ()), body.get("all", False)
    return {"tags": invalidations.request_invalidation(context, tags=tags, everything=everything)}
