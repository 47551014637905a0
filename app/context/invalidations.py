"""The tags whose cache entries a write makes stale, stored with the write until they are invalid (law 6)."""

from collections.abc import Collection
from uuid import UUID

from app.cache.store import CacheStore
from app.context.context import Context
from app.database import execute, on_commit, run, transaction
from app.identifiers import new_id
from models import PendingInvalidation

# No need to wait for the disk: a row that comes back after a crash has its tag invalidated once more.
_DELETE_UNSYNCED = """
WITH unsynced AS (SELECT set_config('synchronous_commit', 'off', true))
DELETE FROM pending_invalidations USING unsynced WHERE id = ANY(%(ids)s::uuid[])
"""


def queue_invalidations(tags: Collection[str], *, cache: CacheStore | None) -> None:
    """Insert the tags in the open transaction, or in one of its own, and invalidate them after the commit.

    Args:
        tags: expanded.
        cache: None: the servers invalidate the tags, as for a command.
    """
    if not tags:
        return
    ids = [new_id() for _ in tags]
    # The database fills in `created_at`: its clock later decides how old a row is.
    rows = [{"id": row_id, "tag": tag} for row_id, tag in zip(ids, tags, strict=True)]
    with transaction():
        execute(PendingInvalidation.insert_many(rows))
        if cache is not None and cache.configured:
            on_commit(lambda: _invalidate(cache, list(tags), ids))


def invalidate(context: Context, *tags: str) -> None:
    """Make the cached responses with these tags invalid when the open transaction is committed, else at once.

    An operation says what it changes with `x-invalidates`. Use this where that cannot say it, and in chores, hooks and
    commands.

    Args:
        tags: such as `project:019c13ec-9e00-7e5f-8a6b-7c8d9e0f1a2b`.
    """
    queue_invalidations(tuple(dict.fromkeys(tags)), cache=context.dependencies.cache)


def _invalidate(cache: CacheStore, tags: list[str], ids: list[UUID]) -> None:
    if cache.invalidate(tags):
        run(_DELETE_UNSYNCED, {"ids": ids})
