"""Cached values in Redis: each is kept with the versions of its tags, and good only while these are the current ones.

A version is a random number that a write replaces. It is read before the database is, so that what a reader keeps
after a write has passed it by bears the version from before, and is never used.
"""

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson
import redis
import structlog

from app.cache.client import Cache, mget_values, server_run_id
from app.cache.limiter import Limiter, LimitState
from app.cache.single_flight import SingleFlight
from app.cache.tags import EVERYTHING
from app.config import Bucket

MAX_LIFETIME_SECONDS = 86_400
"""No entry lives longer, nor a version of a tag that nobody drops."""

UNUSED_VERSION_SECONDS = 60
"""A version given to a tag lives no longer unless something is kept under it, so that asking for what is not there
fills nothing up. What takes longer to read is kept in vain."""

MAX_ENTRY_BYTES = 1_048_576
"""What is larger is not kept."""

_VERSION_BYTES = 8
_MAX_TOLD = 1_000

log = structlog.get_logger("charter.cache")

Outcome = Literal["hit", "miss", "pending", "away", "corrupt"]


@dataclass(frozen=True, slots=True)
class CachedValue:
    """A value with what is needed to answer with it.

    Attributes:
        data: JSON-ready.
        version: of the value, as its ETag says it.
    """

    data: Any
    version: str


@dataclass(frozen=True, slots=True)
class CacheKey:
    """What one answer is kept under.

    Attributes:
        name: tells it from every other of this deployment.
        tags: what it is made from, EVERYTHING first.
    """

    name: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CacheLookup:
    """What Redis said of a key, before the database was asked anything.

    Attributes:
        entry: the text kept there, if any.
        versions: of the tags, in their order; None where a tag has none, empty where it is nothing of ours.
    """

    key: CacheKey
    entry: bytes | None
    versions: tuple[bytes | None, ...]


class CacheStore:
    """The cache of values.

    Args:
        cache: where Redis is.
        database_id: returns what tells this deployment's database from any other; asked each time.
        release: tells this document from another release's, whose answers have another shape.
        count: called with (policy, outcome) of each use.
    """

    def __init__(
        self,
        cache: Cache,
        *,
        database_id: Callable[[], str],
        release: str,
        count: Callable[[str, Outcome], object] | None = None,
    ) -> None:
        self._cache = cache
        self._database_id = database_id
        self._release = release
        self._told: set[str] = set()
        # Which database, which run of Redis, and how their keys begin.
        self._here: tuple[tuple[str, str], str] | None = None
        self._count = count
        self.single_flight: SingleFlight[Any] = SingleFlight()

    @property
    def configured(self) -> bool:
        """Whether there is any Redis to ask."""
        return self._cache.configured

    def count(self, policy: str, outcome: Outcome) -> None:
        """Count one use of what is cached under a policy."""
        if self._count is not None:
            self._count(policy, outcome)

    def make_key(self, operation_id: str, arguments: object, tags: Sequence[str]) -> CacheKey:
        """Return what the answer of an operation to these arguments is kept under.

        Args:
            arguments: JSON-ready but for UUIDs and datetimes.
            tags: spelt.
        """
        text = orjson.dumps([self._release, operation_id, arguments], option=orjson.OPT_SORT_KEYS)
        return CacheKey(f"{operation_id}:{hashlib.sha256(text).hexdigest()}", (EVERYTHING, *tags))

    def look_up(self, key: CacheKey) -> CacheLookup | None:
        """Ask for the entry and its tags' versions in one round trip; None when Redis is away."""
        names = self._names(key)
        values = self._cache.execute(lambda client: mget_values(client.mget(names(client)), 1 + len(key.tags)))
        return _look(key, values)

    def consume_and_look_up(
        self, limiter: Limiter, name: str, who: str, bucket: Bucket, key: CacheKey
    ) -> tuple[LimitState, CacheLookup | None]:
        """As `look`, with one request taken from the caller's bucket in the same round trip."""
        taken, values = limiter.consume_and_read(name, who, bucket, self._names(key))
        return taken, _look(key, values)

    def read(self, look: CacheLookup) -> CachedValue | None:
        """Return what is kept, if it was made from what the tags stand for now."""
        if look.entry is None or not all(look.versions):
            return None
        try:
            versions, data, version = orjson.loads(look.entry)
            told = [bytes.fromhex(text) for text in versions]
        except (ValueError, TypeError) as error:
            self.log_corrupt(look.key, error)
            return None
        if not isinstance(version, str):
            self.log_corrupt(look.key, TypeError("the version is no text"))
            return None
        return CachedValue(data, version) if told == list(look.versions) else None

    def complete_versions(self, look: CacheLookup) -> CacheLookup | None:
        """Return the look with a version for each tag; those that had none get one. None when Redis is away."""
        if all(look.versions):
            return look
        names_of = self._names(look.key)

        def question(client: redis.Redis) -> Any:
            names = names_of(client)[1:]
            with client.pipeline(transaction=False) as pipe:
                for name, version in zip(names, look.versions, strict=True):
                    if not version:
                        fresh = secrets.token_bytes(_VERSION_BYTES)
                        pipe.set(name, fresh, nx=version is None, ex=UNUSED_VERSION_SECONDS)
                pipe.mget(names)
                return mget_values(pipe.execute()[-1], len(names))

        values = self._cache.execute(question)
        settled = None if values is None else CacheLookup(look.key, None, tuple(map(_version, values)))
        return settled if settled and all(settled.versions) else None

    def save(self, look: CacheLookup, kept: CachedValue, seconds: int) -> None:
        """Keep a value that was read from the database after the look.

        Args:
            look: settled.
            seconds: how long at most.
        """
        versions = [version.hex() for version in look.versions if version]
        text = orjson.dumps([versions, kept.data, kept.version])
        if len(text) > MAX_ENTRY_BYTES:
            return
        names = self._names(look.key)

        def question(client: redis.Redis) -> Any:
            entry, *tags = names(client)
            with client.pipeline(transaction=False) as pipe:
                pipe.set(entry, text, ex=seconds)
                for tag in tags:
                    pipe.expire(tag, MAX_LIFETIME_SECONDS)
                return pipe.execute()

        self._cache.execute(question)

    def invalidate(self, tags: Sequence[str]) -> bool:
        """Replace the versions of tags, so that nothing kept under them is used again; False when Redis is away."""
        database = self._database_id()

        def question(client: redis.Redis) -> bool:
            space = self._space(database, client)
            with client.pipeline(transaction=False) as pipe:
                for tag in tags:
                    pipe.set(f"{space}:tag:{tag}", secrets.token_bytes(_VERSION_BYTES), ex=MAX_LIFETIME_SECONDS)
                return all(pipe.execute())

        return bool(self._cache.execute(question))

    def log_corrupt(self, key: CacheKey, error: Exception) -> None:
        """Log that an entry is not what we put there; once for each."""
        if key.name in self._told or len(self._told) >= _MAX_TOLD:
            return
        self._told.add(key.name)
        log.warning("cache_entry_corrupt", key=key.name, error=type(error).__name__)

    def _names(self, key: CacheKey) -> Callable[[redis.Redis], list[str]]:
        database = self._database_id()

        def names(client: redis.Redis) -> list[str]:
            space = self._space(database, client)
            return [f"{space}:entry:{key.name}", *(f"{space}:tag:{tag}" for tag in key.tags)]

        return names

    def _space(self, database: str, client: redis.Redis) -> str:
        # A server that comes back with what it once saved, or a replica that was behind, would bring back versions
        # that writes have replaced.
        here, known = (database, server_run_id(client)), self._here
        if known is None or known[0] != here:
            digest = hashlib.sha256("/".join(here).encode()).hexdigest()[:16]
            known = self._here = here, f"{self._cache.prefix}:{digest}"
        return known[1]


def _look(key: CacheKey, values: Sequence[bytes | None] | None) -> CacheLookup | None:
    if values is None:
        return None
    entry, *versions = values
    return CacheLookup(key, entry, tuple(map(_version, versions)))


def _version(value: bytes | None) -> bytes | None:
    return value if value is None or len(value) == _VERSION_BYTES else b""
