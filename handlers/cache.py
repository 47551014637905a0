"""cache: invalidates cache entries by hand."""

from typing import Any

from app.services import invalidations
from charter import Context

Body = dict[str, Any]


def invalidate_cache(context: Context, body: Body) -> dict[str, int]:
    """Invalidate cache entries."""
    number = invalidations.request_invalidation(context, body.get("tags", ()), everything=body.get("all", False))
    return {"tags": number}
