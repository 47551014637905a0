"""Cached responses (x-cache): a cache entry is used only here, after authorization, and while no write invalidates it.

Redis was asked before the database (`rate_limit`), so a value that is stored now has the tag versions from before the
database was read. An entry is not used while one of its tags is pending: a write has committed, and its invalidation
has not reached Redis. It is not used either if the session statement saw that the row with the owner does not exist: a
row that was deleted with its owner has no write that invalidates its tag. Entries of a project have one tag more, which
the deletion of an account invalidates.

What is cached is the data of the response as bytes. They are checked against the document before they are stored, and
later sent as they are, in a new envelope.
"""

import hashlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import orjson

from app.cache.entries import CachedValue
from app.cache.store import CacheKey, CacheLookup
from app.cache.tags import ACCOUNTS
from app.database.tables import has_project_tables
from app.errors import ValidationError
from app.pipeline.operation import BoundOperation, Step
from app.pipeline.request_context import RequestContext
from app.pipeline.response import Response
from app.results import Result
from app.services import invalidations

# Says what the client has, not what it asks for.
_CONDITION = "if_none_match"
# For this many paths and queries of each operation, arguments and cache key are remembered: to work them out takes
# longer than to read the entry.
_REMEMBERED = 512


def make(operation: BoundOperation) -> Step | None:
    """Return the step, which returns the response, or None for an operation that is not cached."""
    policy, dependencies = operation.policy, operation.runtime.dependencies
    rule, store = policy.cache, dependencies.cache
    if rule is None or store is None:
        return None
    run_handler, render_cached, name = operation.run_handler, operation.render_cached, rule.policy
    seconds = dependencies.config.lifetimes[name]

    def cache(context: RequestContext) -> Response:
        assert context.cache_key is not None
        pending = invalidations.is_pending(context.cache_key.tags) if policy.public else context.is_pending
        lookup = None if pending or context.row_is_gone else context.cache_lookup
        value = (store.read(lookup, name) if lookup else None) or load(lookup, context)
        if context.cache_lookup is None or pending:
            store.count(name, "away" if context.cache_lookup is None else "pending")
        context.is_cacheable = True
        return render_cached(context, value.data, value.version)

    def load(lookup: CacheLookup | None, context: RequestContext) -> CachedValue:
        complete = store.complete_versions(lookup) if lookup else None
        if complete is None:
            return checked_value(context)
        store.count(name, "miss")
        return store.single_flight.run((complete.key.name, complete.versions), lambda: fill(complete, context))

    def fill(lookup: CacheLookup, context: RequestContext) -> CachedValue:
        value = checked_value(context)
        store.save(lookup, value, seconds)
        return value

    def checked_value(context: RequestContext) -> CachedValue:
        result = versioned(run_handler(context))
        # Data that the document does not describe raises here, and is neither stored nor sent.
        return CachedValue(operation.render_data(result.data, str(result.version)), str(result.version))

    return cache


def cache_key_builder(operation: BoundOperation) -> Callable[[RequestContext], CacheKey | None] | None:
    """Return the function that builds a request's cache key, or None for an operation that is not cached.

    It reads the parameters ahead of their step. A request whose parameters are invalid has no key, and the step
    `parameters` rejects it.
    """
    policy, cache = operation.policy, operation.runtime.dependencies.cache
    if policy.cache is None or cache is None:
        return None
    read, tags, header_names = operation.parameters.read, policy.cache.tags, operation.parameters.header_names
    names = sorted(operation.parameters.names - {_CONDITION})
    more = (ACCOUNTS,) if has_project_tables() and not policy.inherited else ()

    def read_now(path: Mapping[str, str], query: bytes, headers: Mapping[str, str]) -> tuple[dict[str, Any], CacheKey]:
        arguments = read(path, query, headers)
        identity = [arguments[name] for name in names]
        key = cache.make_key(policy.operation_id, identity, [*more, *(tag.expand(arguments) for tag in tags)])
        return arguments, key

    @lru_cache(maxsize=_REMEMBERED)
    def read_known(path: tuple[tuple[str, str], ...], query: bytes) -> tuple[dict[str, Any], CacheKey]:
        return read_now(dict(path), query, {})

    def build_key(context: RequestContext) -> CacheKey | None:
        path, headers = context.path_values, context.headers
        try:
            if header_names.isdisjoint(headers):
                arguments, key = read_known(tuple(path.items()), context.query_string)
            else:
                arguments, key = read_now(path, context.query_string, headers)
        except ValidationError:
            return None
        context.arguments = dict(arguments)
        return key

    return build_key


def versioned(result: Any) -> Result:
    """Return what a handler returned with a version: its own, else one that is made from the data."""
    data, version = (result.data, result.version) if isinstance(result, Result) else (result, None)
    if version is None:
        version = hashlib.sha256(orjson.dumps(data)).hexdigest()[:32]
    return Result(data, version=version)
