"""Cached answers (x-cache): what is kept is used only here, after the rights were decided and no write is under way.

Redis was asked before the database was (`limit`), so that what a reader keeps bears the versions from before its own
reading. A tag that some write has yet to drop bars what is kept under it.
"""

import hashlib
from collections.abc import Callable
from typing import Any

import orjson

from app.cache.store import CachedValue, CacheKey, CacheLookup
from app.errors import Internal, ValidationError
from app.pipeline.context import RequestContext, Response
from app.pipeline.parts import Parts, Step
from app.results import Result
from app.services import invalidations

# Says what the caller has, not what is asked for.
_CONDITION = "if_none_match"


def make(parts: Parts) -> Step | None:
    """Return the step, which answers, or None for an operation that is not cached."""
    policy, store = parts.policy, parts.dependencies.store
    rule = policy.cache
    if rule is None or store is None:
        return None
    handler, respond, name = parts.handler, parts.respond, rule.policy
    seconds = parts.dependencies.config.lifetimes[name]

    def cached(context: RequestContext) -> Response:
        assert context.key is not None
        barred = invalidations.pending(context.key.tags) if policy.public else context.pending
        look = None if barred else context.look
        response = _from(look, context) or _afresh(look, context)
        if context.look is None or barred:
            store.count(name, "away" if context.look is None else "pending")
        context.is_cacheable = True
        return response

    def _from(look: CacheLookup | None, context: RequestContext) -> Response | None:
        kept = store.read(look) if look else None
        if kept is None:
            return None
        try:
            response = respond(context, _result(kept))
        except Internal as error:
            assert look is not None
            store.log_corrupt(look.key, error)
            store.count(name, "corrupt")
            return None
        store.count(name, "hit")
        return response

    def _afresh(look: CacheLookup | None, context: RequestContext) -> Response:
        settled = store.complete_versions(look) if look else None
        if settled is None:
            return respond(context, _result(_kept(handler(context))))
        store.count(name, "miss")
        kept = store.single_flight.run((settled.key.name, settled.versions), lambda: fill(settled, context))
        return respond(context, _result(kept))

    def fill(settled: CacheLookup, context: RequestContext) -> CachedValue:
        kept = _kept(handler(context))
        # What the document does not describe is refused here, and kept nowhere.
        respond(context, _result(kept))
        store.save(settled, kept, seconds)
        return kept

    return cached


def keying(parts: Parts) -> Callable[[RequestContext], CacheKey | None] | None:
    """Return what makes the key of a call, or None for an operation that is not cached.

    The parameters are read for it ahead of their turn; a call whose parameters are wrong has no key, and is refused
    when their turn comes.
    """
    policy, store = parts.policy, parts.dependencies.store
    if policy.cache is None or store is None:
        return None
    read, tags = parts.parameters.read, policy.cache.tags

    def key(context: RequestContext) -> CacheKey | None:
        try:
            arguments = read(context.path_values, context.query_string, context.headers)
        except ValidationError:
            return None
        context.arguments = arguments
        asked = {name: value for name, value in arguments.items() if name != _CONDITION}
        return store.make_key(policy.operation_id, asked, [tag.expand(arguments) for tag in tags])

    return key


def _kept(result: Any) -> CachedValue:
    data, version = (result.data, result.version) if isinstance(result, Result) else (result, None)
    if version is None:
        version = hashlib.sha256(orjson.dumps(data)).hexdigest()[:32]
    return CachedValue(data, str(version))


def _result(kept: CachedValue) -> Result:
    return Result(kept.data, version=kept.version)
