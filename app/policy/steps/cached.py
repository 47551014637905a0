"""Cached answers (x-cache): what is kept is used only here, after the rights were decided and no write is under way.

Redis was asked before the database was (`limit`), so that what a reader keeps bears the versions from before its own
reading. A tag that some write has yet to drop bars what is kept under it.
"""

import hashlib
from collections.abc import Callable
from typing import Any

import orjson

from app.cache.store import Kept, Key, Look
from app.errors import Internal, ValidationFailed
from app.policy.call import Answer, Call
from app.policy.parts import Parts, Step
from app.policy.results import Result
from app.services import invalidations

# Says what the caller has, not what is asked for.
_CONDITION = "if_none_match"


def make(parts: Parts) -> Step | None:
    """Return the step, which answers, or None for an operation that is not cached."""
    policy, store = parts.policy, parts.tools.store
    rule = policy.cache
    if rule is None or store is None:
        return None
    handler, respond, name = parts.handler, parts.respond, rule.policy
    seconds = parts.tools.settings.lifetimes[name]

    def cached(call: Call) -> Answer:
        assert call.key is not None
        barred = invalidations.pending(call.key.tags) if policy.public else call.pending
        look = None if barred else call.look
        answer = _from(look, call) or _afresh(look, call)
        if call.look is None or barred:
            store.count(name, "away" if call.look is None else "pending")
        call.is_cacheable = True
        return answer

    def _from(look: Look | None, call: Call) -> Answer | None:
        kept = store.read(look) if look else None
        if kept is None:
            return None
        try:
            answer = respond(call, _result(kept))
        except Internal as error:
            assert look is not None
            store.tell_corrupt(look.key, error)
            store.count(name, "corrupt")
            return None
        store.count(name, "hit")
        return answer

    def _afresh(look: Look | None, call: Call) -> Answer:
        settled = store.settle(look) if look else None
        if settled is None:
            return respond(call, _result(_kept(handler(call))))
        store.count(name, "miss")
        kept = store.flights.join((settled.key.name, settled.versions), lambda: fill(settled, call))
        return respond(call, _result(kept))

    def fill(settled: Look, call: Call) -> Kept:
        kept = _kept(handler(call))
        # What the document does not describe is refused here, and kept nowhere.
        respond(call, _result(kept))
        store.keep(settled, kept, seconds)
        return kept

    return cached


def keying(parts: Parts) -> Callable[[Call], Key | None] | None:
    """Return what makes the key of a call, or None for an operation that is not cached.

    The parameters are read for it ahead of their turn; a call whose parameters are wrong has no key, and is refused
    when their turn comes.
    """
    policy, store = parts.policy, parts.tools.store
    if policy.cache is None or store is None:
        return None
    read, tags = parts.parameters.read, policy.cache.tags

    def key(call: Call) -> Key | None:
        try:
            arguments = read(call.path_values, call.query_string, call.headers)
        except ValidationFailed:
            return None
        call.arguments = arguments
        asked = {name: value for name, value in arguments.items() if name != _CONDITION}
        return store.key(policy.operation_id, asked, [tag.spell(arguments) for tag in tags])

    return key


def _kept(result: Any) -> Kept:
    data, version = (result.data, result.version) if isinstance(result, Result) else (result, None)
    if version is None:
        version = hashlib.sha256(orjson.dumps(data)).hexdigest()[:32]
    return Kept(data, str(version))


def _result(kept: Kept) -> Result:
    return Result(kept.data, version=kept.version)
