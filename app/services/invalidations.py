"""Invalidations: the tags whose cache entries a write makes stale, kept with the write until they are invalid (law 6).

The write's own transaction inserts a row into `pending_invalidations`. The row stays until its tag has a new version in
Redis. As long as it stays, requests find it and read the database instead of the cache.
"""

from collections.abc import Sequence
from datetime import timedelta

from peewee import fn

from app.cache.store import MAX_LIFETIME_SECONDS, CacheStore
from app.cache.tags import EVERYTHING
from app.context.invalidations import queue_invalidations
from app.errors import ValidationError, Violation
from charter import Context, execute_in_autocommit, fetch, run
from models import PendingInvalidation


def is_pending_sql(tags: str) -> str:
    """Return the expression for whether a write has queued one of some tags.

    Args:
        tags: an expression of type text[].
    """
    return f"charter_is_pending({tags})"


_IS_PENDING = f"SELECT {is_pending_sql('%s::text[]')}"

# The new rows have no writer: a writer that invalidates a tag and then deletes its own rows may have invalidated it
# before another row was written.
_MERGE = """
WITH gone AS (
    DELETE FROM pending_invalidations WHERE id IN (
        SELECT id FROM pending_invalidations WHERE dropped_at IS NULL AND tag IN (
            SELECT tag FROM pending_invalidations WHERE dropped_at IS NULL GROUP BY tag HAVING count(*) > 1
        ) FOR UPDATE SKIP LOCKED
    ) RETURNING tag, created_at
)
INSERT INTO pending_invalidations (id, tag, created_at)
SELECT gen_random_uuid(), tag, max(created_at) FROM gone GROUP BY tag
"""

_MAX_AT_ONCE = 1_000


def is_pending(tags: Sequence[str]) -> bool:
    """Return whether a write has queued one of the tags and no server has invalidated it yet."""
    return bool(run(_IS_PENDING, (list(tags),), retry_on_disconnect=True)[0][0])


def request_invalidation(context: Context, tags: Sequence[str], *, everything: bool = False) -> int:
    """Invalidate tags that a caller names.

    Args:
        tags: may name a tag twice.
        everything: invalidate all cache entries, in place of some tags.

    Returns:
        The number of tags; everything counts as one.

    Raises:
        ValidationError: nothing is cached under one of the tags.
    """
    distinct = known_tags(context, tags, everything=everything)
    context.event.details = {"tags": distinct}
    queue_invalidations(distinct, cache=context.dependencies.cache)
    return len(distinct)


def known_tags(context: Context, tags: Sequence[str], *, everything: bool) -> list[str]:
    """Return the different tags that a caller names; everything is one tag.

    Raises:
        ValidationError: nothing is cached under one of the tags.
    """
    known = context.dependencies.tags
    recognised = [EVERYTHING] if everything else [known.resolve(tag) for tag in tags]
    unknown = [
        Violation("No cached response has such a tag. Use a tag of an x-cache key, with its values.", f"tags.{number}")
        for number, tag in enumerate(recognised)
        if tag is None
    ]
    if unknown:
        raise ValidationError(details=unknown)
    return list(dict.fromkeys(tag for tag in recognised if tag is not None))


def invalidate_pending(*, cache: CacheStore, linger_seconds: int) -> int:
    """Invalidate the tags that their writers could not; of very many rows, keep one for each tag.

    Any number of processes may do this at once. A row stays for a while afterwards: a request may have read Redis
    before the tag was invalidated, and would read the table when the row is gone.

    Args:
        linger_seconds: longer than any request takes.

    Returns:
        The number of rows that waited.
    """
    waiting = _waiting()
    if len(waiting) == _MAX_AT_ONCE:
        run(_MERGE)
        waiting = _waiting()
    if waiting and cache.invalidate(sorted({row.tag for row in waiting})):
        done = PendingInvalidation.update(dropped_at=fn.now(), updated_at=fn.now())
        execute_in_autocommit(done.where(PendingInvalidation.id.in_([row.id for row in waiting])))
    lingered = PendingInvalidation.dropped_at < fn.now() - timedelta(seconds=linger_seconds)
    # Without Redis no server can invalidate a tag. But then no cache entry is older than this either, nor one that a
    # request stores that began before the write.
    outlived = PendingInvalidation.created_at < fn.now() - timedelta(seconds=MAX_LIFETIME_SECONDS + linger_seconds)
    execute_in_autocommit(PendingInvalidation.delete().where(lingered | outlived))
    return len(waiting)


def _waiting() -> list[PendingInvalidation]:
    waiting = PendingInvalidation.select().where(PendingInvalidation.dropped_at.is_null())
    return fetch(waiting.order_by(PendingInvalidation.id).limit(_MAX_AT_ONCE))
