"""Cached values in Redis: each is stored with the versions of its tags, and valid while these are the current ones.

A version is a random number that a write replaces. It is read before the database is read. So if a write commits in
between, the reader stores its value with the old version, and the value is never used.

A value is JSON that was checked before it was stored, and it is sent as it is. So that nobody else who can write to
Redis decides what is sent, each entry begins with a keyed hash (`app.cache.entries`).
"""

import hashlib
import secrets
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import orjson
import structlog

from app.cache.client import RedisClient, mget_values, server_run_id
from app.cache.commands import pack_command
from app.cache.entries import VERSION_BYTES, CachedValue, CorruptEntryError, Entries
from app.cache.limiter import KeysAndValues
from app.cache.single_flight import SingleFlight
from app.cache.tags import EVERYTHING

if TYPE_CHECKING:
    import redis

    from app.cache.connections import Client

MAX_LIFETIME_SECONDS = 86_400
"""Maximum lifetime of an entry, and of the version of a tag that is not invalidated."""

UNUSED_VERSION_SECONDS = 60
"""Lifetime of a new version until an entry is stored with it, so that requests for missing resources do not fill Redis.
An entry that takes longer to load is never used."""

MAX_VALUE_BYTES = 1_048_576
"""A larger value is not stored."""

_DIGEST_BYTES = 16
_MAX_LOGGED = 1_000

log = structlog.get_logger("charter.cache")

Outcome = Literal["hit", "miss", "pending", "away", "corrupt"]


class CacheKey(NamedTuple):
    """The key of one cache entry.

    Attributes:
        name: unique within the deployments that share a database and a secret.
        tags: the tags of the entry, EVERYTHING first.
        suffixes: last parts of the names in Redis, of the entry and of its tags.
    """

    name: str
    tags: tuple[str, ...]
    suffixes: tuple[bytes, ...]


class CacheLookup(NamedTuple):
    """The response of Redis for a key, read before the database.

    Attributes:
        names: of the entry and of its tags, as Redis knows them.
        entry: what is stored, if anything.
        versions: of the tags, in their order; None if a tag has none, empty if its value is not a version.
    """

    key: CacheKey
    names: Sequence[bytes]
    entry: bytes | None
    versions: tuple[bytes | None, ...]


class CacheStore:
    """The cache of values.

    Args:
        cache: the Redis client.
        database_id: returns the identity of the database; called each time.
        release: identifies the document and the code, since responses of another release have another shape.
        secret: only servers with the same secret use the same entries.
        count: called with (policy, outcome) of each use.
    """

    def __init__(
        self,
        cache: RedisClient,
        *,
        database_id: Callable[[], str],
        release: str,
        secret: bytes,
        count: Callable[[str, Outcome], object] | None = None,
    ) -> None:
        self._cache = cache
        self._database_id = database_id
        self._entries = Entries(secret)
        self._name_key = hashlib.blake2b(release.encode(), key=secret, person=b"names").digest()
        self._logged: set[str] = set()
        # The database and the run of Redis, and the first part of their keys.
        self._namespace: tuple[tuple[str, str], str] | None = None
        self._count = count
        self.single_flight: SingleFlight[CachedValue] = SingleFlight()

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
            arguments: can be encoded as JSON, UUIDs and datetimes included; equal ones give equal texts.
            tags: expanded.
        """
        text = b"%b %b" % (operation_id.encode(), orjson.dumps(arguments))
        digest = hashlib.blake2b(text, key=self._name_key, digest_size=_DIGEST_BYTES).hexdigest()
        name, all_tags = f"{operation_id}:{digest}", (EVERYTHING, *tags)
        suffixes = (f":entry:{name}".encode(), *(f":tag:{tag}".encode() for tag in all_tags))
        return CacheKey(name, all_tags, suffixes)

    def look_up(self, key: CacheKey) -> CacheLookup | None:
        """Read the entry and the versions of its tags in one round trip; None if Redis is unavailable."""
        names = self.names(key)

        def command(client: "Client") -> KeysAndValues:
            keys = names(client)
            [values] = client.send(pack_command(b"MGET", *keys), 1)
            return keys, mget_values(values, len(keys))

        return lookup_of(key, self._cache.execute(command))

    def read(self, lookup: CacheLookup, policy: str) -> CachedValue | None:
        """Return the stored value if it has the current versions of its tags, and count a hit or a corrupt entry."""
        if lookup.entry is None or not all(lookup.versions):
            return None
        try:
            value = self._entries.read(lookup.entry, lookup.names, lookup.versions)
        except CorruptEntryError:
            self._log_corrupt(lookup.key)
            self.count(policy, "corrupt")
            return None
        if value is not None:
            self.count(policy, "hit")
        return value

    def complete_versions(self, lookup: CacheLookup) -> CacheLookup | None:
        """Return the lookup with a version for each tag, after creating missing ones; None if Redis is unavailable."""
        if all(lookup.versions):
            return lookup
        names_of = self.names(lookup.key)

        def command(client: "redis.Redis") -> KeysAndValues:
            names = names_of(client)
            with client.pipeline(transaction=False) as pipe:
                for name, version in zip(names[1:], lookup.versions, strict=True):
                    if not version:
                        fresh = secrets.token_bytes(VERSION_BYTES)
                        pipe.set(name, fresh, nx=version is None, ex=UNUSED_VERSION_SECONDS)
                pipe.mget(names[1:])
                return names, [None, *mget_values(pipe.execute()[-1], len(lookup.versions))]

        complete = lookup_of(lookup.key, self._cache.execute(command))
        return complete if complete and all(complete.versions) else None

    def save(self, lookup: CacheLookup, value: CachedValue, seconds: int) -> None:
        """Store a value that was read from the database after the lookup.

        Args:
            lookup: with complete versions.
            seconds: maximum lifetime.
        """
        if len(value.data) > MAX_VALUE_BYTES:
            return
        names_of = self.names(lookup.key)

        def command(client: "redis.Redis") -> Any:
            names = names_of(client)
            with client.pipeline(transaction=False) as pipe:
                pipe.set(names[0], self._entries.write(value, names, lookup.versions), ex=seconds)
                for tag in names[1:]:
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
                    pipe.set(f"{prefix}:tag:{tag}", secrets.token_bytes(VERSION_BYTES), ex=MAX_LIFETIME_SECONDS)
                return all(pipe.execute())

        return bool(self._cache.execute(command))

    def _log_corrupt(self, key: CacheKey) -> None:
        """Log once for each key that an entry is corrupt."""
        if key.name in self._logged or len(self._logged) >= _MAX_LOGGED:
            return
        self._logged.add(key.name)
        log.warning("cache_entry_corrupt", key=key.name)

    def names(self, key: CacheKey) -> "Callable[[redis.Redis], list[bytes]]":
        """Return the function that says how a server of Redis names an entry and its tags."""
        database = self._database_id()

        def names(client: "redis.Redis") -> list[bytes]:
            prefix = self._key_prefix(database, client).encode()
            return [prefix + suffix for suffix in key.suffixes]

        return names

    def _key_prefix(self, database: str, client: "redis.Redis") -> str:
        # A server that restarts with saved data, or a replica that was behind, may have old versions that writes have
        # replaced. So each run of the server has its own keys.
        current, known = (database, server_run_id(client)), self._namespace
        if known is None or known[0] != current:
            digest = hashlib.sha256("/".join(current).encode()).hexdigest()[:16]
            known = self._namespace = current, f"{self._cache.prefix}:{digest}"
        return known[1]


def lookup_of(key: CacheKey, found: KeysAndValues | None) -> CacheLookup | None:
    """Return what Redis returned for the names of a key; None if it was unavailable."""
    if found is None:
        return None
    names, (entry, *versions) = found
    return CacheLookup(key, names, entry, tuple(map(_version, versions)))


def _version(value: bytes | None) -> bytes | None:
    return value if value is None or len(value) == VERSION_BYTES else b""
