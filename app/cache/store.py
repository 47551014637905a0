"""Cached values in Redis: each is stored with the versions of its tags, and valid while these are the current ones.

A version is a random number that a write replaces. It is read before the database is read. So if a write commits in
between, the reader stores its value with the old version, and the value is never used.
"""

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import orjson
import structlog

from app.cache.client import RedisClient, mget_values, server_run_id
from app.cache.commands import pack_command
from app.cache.limiter import KeysAndValues, Limiter, LimitState
from app.cache.single_flight import SingleFlight
from app.cache.tags import EVERYTHING
from app.config import Bucket

if TYPE_CHECKING:
    import redis

    from app.cache.connections import Client

MAX_LIFETIME_SECONDS = 86_400
"""Maximum lifetime of an entry, and of the version of a tag that is not invalidated."""

UNUSED_VERSION_SECONDS = 60
"""Lifetime of a new version until an entry is stored with it, so that requests for missing resources do not fill Redis.
An entry that takes longer to load is never used."""

MAX_ENTRY_BYTES = 1_048_576
"""A larger entry is not stored."""

_VERSION_BYTES = 8
_MAX_LOGGED = 1_000

log = structlog.get_logger("charter.cache")

Outcome = Literal["hit", "miss", "pending", "away", "corrupt"]


@dataclass(frozen=True, slots=True)
class CachedValue:
    """A value with its version.

    Attributes:
        data: can be encoded as JSON.
        version: of the value, as in its ETag.
    """

    data: Any
    version: str


@dataclass(frozen=True, slots=True)
class CacheKey:
    """The key of one cache entry.

    Attributes:
        name: unique within this deployment.
        tags: the tags of the entry, EVERYTHING first.
    """

    name: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CacheLookup:
    """The response of Redis for a key, read before the database.

    Attributes:
        entry: the stored text, if any.
        versions: of the tags, in their order; None if a tag has none, empty if its value is not a version.
    """

    key: CacheKey
    entry: bytes | None
    versions: tuple[bytes | None, ...]


class CacheStore:
    """The cache of values.

    Args:
        cache: the Redis client.
        database_id: returns the identity of the database; called each time.
        release: identifies the document, since responses of another release have another shape.
        count: called with (policy, outcome) of each use.
    """

    def __init__(
        self,
        cache: RedisClient,
        *,
        database_id: Callable[[], str],
        release: str,
        count: Callable[[str, Outcome], object] | None = None,
    ) -> None:
        self._cache = cache
        self._database_id = database_id
        self._release = release
        self._logged: set[str] = set()
        # The database and the run of Redis, and the first part of their keys.
        self._namespace: tuple[tuple[str, str], str] | None = None
        self._count = count
        self.single_flight: SingleFlight[Any] = SingleFlight()

    @property
    def configured(self) -> bool:
        """Whether a Redis is configured."""
        return self._cache.configured

    def count(self, policy: str, outcome: Outcome) -> None:
        """Count one use of the cache under a policy."""
        if self._count is not None:
            self._count(policy, outcome)

    def make_key(self, operation_id: str, arguments: object, tags: Sequence[str]) -> CacheKey:
        """Return the key for the response of an operation with these arguments.

        Args:
            arguments: can be encoded as JSON, UUIDs and datetimes included.
            tags: expanded.
        """
        text = orjson.dumps([self._release, operation_id, arguments], option=orjson.OPT_SORT_KEYS)
        return CacheKey(f"{operation_id}:{hashlib.sha256(text).hexdigest()}", (EVERYTHING, *tags))

    def look_up(self, key: CacheKey) -> CacheLookup | None:
        """Read the entry and the versions of its tags in one round trip; None if Redis is unavailable."""
        names = self._names(key)

        def command(client: "Client") -> KeysAndValues:
            keys = names(client)
            [values] = client.send(pack_command(b"MGET", *keys), 1)
            return keys, mget_values(values, len(keys))

        return _lookup(key, self._cache.execute(command))

    def consume_and_look_up(
        self, limiter: Limiter, name: str, caller: str, bucket: Bucket, key: CacheKey
    ) -> tuple[LimitState, CacheLookup | None]:
        """Look up a key, as `look_up`, and consume one request of the caller's bucket in the same round trip."""
        state, found = limiter.consume_and_read(name, caller, bucket, self._names(key))
        return state, _lookup(key, found)

    def read(self, lookup: CacheLookup) -> CachedValue | None:
        """Return the stored value if it has the current versions of its tags."""
        if lookup.entry is None or not all(lookup.versions):
            return None
        try:
            versions, data, version = orjson.loads(lookup.entry)
            stored = [bytes.fromhex(text) for text in versions]
        except (ValueError, TypeError) as error:
            self.log_corrupt(lookup.key, error)
            return None
        if not isinstance(version, str):
            self.log_corrupt(lookup.key, TypeError("The version is not a text."))
            return None
        return CachedValue(data, version) if stored == list(lookup.versions) else None

    def complete_versions(self, lookup: CacheLookup) -> CacheLookup | None:
        """Return the lookup with a version for each tag, after creating missing ones; None if Redis is unavailable."""
        if all(lookup.versions):
            return lookup
        names_of = self._names(lookup.key)

        def command(client: "redis.Redis") -> Any:
            names = names_of(client)[1:]
            with client.pipeline(transaction=False) as pipe:
                for name, version in zip(names, lookup.versions, strict=True):
                    if not version:
                        fresh = secrets.token_bytes(_VERSION_BYTES)
                        pipe.set(name, fresh, nx=version is None, ex=UNUSED_VERSION_SECONDS)
                pipe.mget(names)
                return mget_values(pipe.execute()[-1], len(names))

        values = self._cache.execute(command)
        complete = None if values is None else CacheLookup(lookup.key, None, tuple(map(_version, values)))
        return complete if complete and all(complete.versions) else None

    def save(self, lookup: CacheLookup, value: CachedValue, seconds: int) -> None:
        """Store a value that was read from the database after the lookup.

        Args:
            lookup: with complete versions.
            seconds: maximum lifetime.
        """
        versions = [version.hex() for version in lookup.versions if version]
        text = orjson.dumps([versions, value.data, value.version])
        if len(text) > MAX_ENTRY_BYTES:
            return
        names = self._names(lookup.key)

        def command(client: "redis.Redis") -> Any:
            entry, *tags = names(client)
            with client.pipeline(transaction=False) as pipe:
                pipe.set(entry, text, ex=seconds)
                for tag in tags:
                    pipe.expire(tag, MAX_LIFETIME_SECONDS)
                return pipe.execute()

        self._cache.execute(command)

    def invalidate(self, tags: Sequence[str]) -> bool:
        """Replace the versions of tags, so that no entry with them is used again; False if Redis is unavailable."""
        database = self._database_id()

        def command(client: "redis.Redis") -> bool:
            prefix = self._key_prefix(database, client)
            with client.pipeline(transaction=False) as pipe:
                for tag in tags:
                    pipe.set(f"{prefix}:tag:{tag}", secrets.token_bytes(_VERSION_BYTES), ex=MAX_LIFETIME_SECONDS)
                return all(pipe.execute())

        return bool(self._cache.execute(command))

    def log_corrupt(self, key: CacheKey, error: Exception) -> None:
        """Log once for each key that an entry is corrupt."""
        if key.name in self._logged or len(self._logged) >= _MAX_LOGGED:
            return
        self._logged.add(key.name)
        log.warning("cache_entry_corrupt", key=key.name, error=type(error).__name__)

    def _names(self, key: CacheKey) -> "Callable[[redis.Redis], list[bytes]]":
        database = self._database_id()

        def names(client: "redis.Redis") -> list[bytes]:
            prefix = self._key_prefix(database, client)
            return [f"{prefix}:entry:{key.name}".encode(), *(f"{prefix}:tag:{tag}".encode() for tag in key.tags)]

        return names

    def _key_prefix(self, database: str, client: "redis.Redis") -> str:
        # A server that restarts with saved data, or a replica that was behind, may have old versions that writes have
        # replaced. So each run of the server has its own keys.
        current, known = (database, server_run_id(client)), self._namespace
        if known is None or known[0] != current:
            digest = hashlib.sha256("/".join(current).encode()).hexdigest()[:16]
            known = self._namespace = current, f"{self._cache.prefix}:{digest}"
        return known[1]


def _lookup(key: CacheKey, found: KeysAndValues | None) -> CacheLookup | None:
    if found is None:
        return None
    _, (entry, *versions) = found
    return CacheLookup(key, entry, tuple(map(_version, versions)))


def _version(value: bytes | None) -> bytes | None:
    return value if value is None or len(value) == _VERSION_BYTES else b""
