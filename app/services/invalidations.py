"""Invalidations: the tags that a write drops from the cache, kept with the write until they are dropped (law 6).

A row stands in `pending_invalidations` from the write's own commit until its tag has a new version in Redis. As long
as it stands, whoever reads the cache finds it there and reads the database instead.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from app.cache.store import MAX_LIFETIME_SECONDS, CacheStore
from app.cache.tags import EVERYTHING, KnownTags
from app.context.event import Event
from app.database import on_commit, run, transaction
from app.errors import ValidationError, Violation
from app.identifiers import new_id

_LEAVE = "INSERT INTO pending_invalidations (id, tag) SELECT * FROM unnest(%(ids)s::uuid[], %(tags)s::text[])"

# Nobody need wait for the disk: a row that comes back after a crash has its tag dropped once more.
_DONE = """
WITH unhurried AS (SELECT set_config('synchronous_commit', 'off', true))
DELETE FROM pending_invalidations USING unhurried WHERE id = ANY(%(ids)s::uuid[])
"""

# However many rows a tag has, one is looked at.
PENDING_OF = """ARRAY(
    SELECT asked.tag FROM unnest(%s::text[]) asked (tag)
    WHERE EXISTS (SELECT FROM pending_invalidations p WHERE p.tag = asked.tag)
)"""

_PENDING = f"SELECT {PENDING_OF}"

_WAITING = """
SELECT id, tag FROM pending_invalidations WHERE dropped_at IS NULL ORDER BY id LIMIT %(most)s
"""

# The rows that are new are nobody's: a writer that drops a tag and then removes its own rows may have dropped it before
# another row was written.
_GATHER = """
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

_MARK = "UPDATE pending_invalidations SET dropped_at = now(), updated_at = now() WHERE id = ANY(%(ids)s::uuid[])"

# Without a Redis there is nobody to drop a tag; but then no entry is older than this either, nor one that is kept by a
# reader who was there before the write.
_FORGET = """
DELETE FROM pending_invalidations
WHERE dropped_at < now() - make_interval(secs => %(linger)s) OR created_at < now() - make_interval(secs => %(longest)s)
"""

_MAX_AT_ONCE = 1_000


def leave(tags: Collection[str], *, store: CacheStore | None) -> None:
    """Note the tags in the open transaction, or in one of its own; drop them once it is committed.

    Args:
        tags: spelt.
        store: None: leave the dropping to the servers, as a command does.
    """
    if not tags:
        return
    ids = [new_id() for _ in tags]
    with transaction():
        run(_LEAVE, {"ids": ids, "tags": list(tags)})
        if store is not None and store.configured:
            on_commit(lambda: _drop(store, list(tags), ids))


def pending(tags: Sequence[str]) -> list[str]:
    """Return those of the tags that some write has yet to drop."""
    return list(run(_PENDING, (list(tags),), retry_on_disconnect=True)[0][0])


def request(*, tags: Sequence[str], everything: bool, known: KnownTags, store: CacheStore | None, event: Event) -> int:
    """Drop the tags that somebody asks to be dropped.

    Args:
        tags: as given; the same one may be there twice.
        everything: all that is cached, in place of some tags.

    Returns:
        How many tags are dropped; everything is one.

    Raises:
        ValidationError: nothing is cached under one of them.
    """
    found = [EVERYTHING] if everything else [known.resolve(tag) for tag in tags]
    unknown = [
        Violation("Nothing is cached under such a tag.", f"tags.{index}")
        for index, tag in enumerate(found)
        if tag is None
    ]
    if unknown:
        raise ValidationError(details=unknown)
    spelt = list(dict.fromkeys(tag for tag in found if tag is not None))
    event.details = {"tags": spelt}
    leave(spelt, store=store)
    return len(spelt)


def replay(*, store: CacheStore, linger_seconds: int) -> int:
    """Drop the tags that their writers could not drop; where very many wait, leave one row for each tag.

    Any number of processes may do so at once. A row stays for a while after: a reader may have asked Redis before the
    tag was dropped, and ask the table when the row would be gone.

    Args:
        linger_seconds: longer than any request takes.

    Returns:
        How many rows waited.
    """
    waiting = run(_WAITING, {"most": _MAX_AT_ONCE})
    if len(waiting) == _MAX_AT_ONCE:
        run(_GATHER)
        waiting = run(_WAITING, {"most": _MAX_AT_ONCE})
    if waiting and store.invalidate(sorted({tag for _, tag in waiting})):
        run(_MARK, {"ids": [row for row, _ in waiting]})
    run(_FORGET, {"linger": linger_seconds, "longest": MAX_LIFETIME_SECONDS + linger_seconds})
    return len(waiting)


def _drop(store: CacheStore, tags: list[str], ids: list[UUID]) -> None:
    if store.invalidate(tags):
        run(_DONE, {"ids": ids})
