"""Invalidations: the tags that a write drops from the cache, kept with the write until they are dropped (law 6).

A row stands in `pending_invalidations` from the write's own commit until its tag has a new version in Redis. As long
as it stands, whoever reads the cache finds it there and reads the database instead.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from app.cache.store import LONGEST_SECONDS, Store
from app.cache.tags import EVERYTHING, KnownTags
from app.database import on_commit, run, transaction
from app.errors import ValidationFailed, Violation
from app.identifiers import new_id
from app.services.audit import Event

_LEAVE = "INSERT INTO pending_invalidations (id, tag) SELECT * FROM unnest(%(ids)s::uuid[], %(tags)s::text[])"

_DONE = "DELETE FROM pending_invalidations WHERE id = ANY(%(ids)s::uuid[])"

_PENDING = "SELECT DISTINCT tag FROM pending_invalidations WHERE tag = ANY(%(tags)s)"

_WAITING = """
SELECT id, tag FROM pending_invalidations WHERE dropped_at IS NULL ORDER BY id LIMIT %(most)s
"""

_MARK = "UPDATE pending_invalidations SET dropped_at = now(), updated_at = now() WHERE id = ANY(%(ids)s::uuid[])"

# Without a Redis there is nobody to drop a tag; but then no entry is older than this either.
_FORGET = """
DELETE FROM pending_invalidations
WHERE dropped_at < now() - make_interval(secs => %(linger)s) OR created_at < now() - make_interval(secs => %(longest)s)
"""

_MOST_AT_ONCE = 1_000


def leave(tags: Collection[str], *, store: Store | None) -> None:
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
    return [tag for (tag,) in run(_PENDING, {"tags": list(tags)}, again=True)]


def request(*, tags: Sequence[str], everything: bool, known: KnownTags, store: Store | None, event: Event) -> int:
    """Drop the tags that somebody asks to be dropped.

    Args:
        tags: as given; the same one may be there twice.
        everything: all that is cached, in place of some tags.

    Returns:
        How many tags are dropped; everything is one.

    Raises:
        ValidationFailed: nothing is cached under one of them.
    """
    found = [EVERYTHING] if everything else [known.recognise(tag) for tag in tags]
    unknown = [
        Violation("Nothing is cached under such a tag.", f"tags.{index}")
        for index, tag in enumerate(found)
        if tag is None
    ]
    if unknown:
        raise ValidationFailed(details=unknown)
    spelt = list(dict.fromkeys(tag for tag in found if tag is not None))
    event.details = {"tags": spelt}
    leave(spelt, store=store)
    return len(spelt)


def replay(*, store: Store, linger_seconds: int) -> int:
    """Drop the tags that their writers could not drop.

    Any number of processes may do so at once. A row stays for a while after: a reader may have asked Redis before the
    tag was dropped, and ask the table when the row would be gone.

    Args:
        linger_seconds: longer than any request takes.

    Returns:
        How many rows waited.
    """
    waiting = run(_WAITING, {"most": _MOST_AT_ONCE})
    if waiting and store.drop(sorted({tag for _, tag in waiting})):
        run(_MARK, {"ids": [row for row, _ in waiting]})
    run(_FORGET, {"linger": linger_seconds, "longest": LONGEST_SECONDS})
    return len(waiting)


def _drop(store: Store, tags: list[str], ids: list[UUID]) -> None:
    if store.drop(tags):
        run(_DONE, {"ids": ids})
