"""Rate limit: counts the call in the operation's bucket, per account, else per client network (x-rate-limit).

A request whose session is then refused counts against its client's network instead: a revoked token uses up nothing of
its owner's. From the first refusal on, such a session is counted by network from the start.

What is cached for the call is asked for in the same round trip, and used only when its turn comes (`cached`).
"""

from collections.abc import Callable

from app.cache.limiter import LimitState
from app.config import Bucket
from app.errors import RateLimited
from app.pipeline.context import RequestContext
from app.pipeline.parts import Parts, Step
from app.pipeline.steps.cached import keying

_NAMES = (b"ratelimit-policy", b"ratelimit")


def make(parts: Parts) -> Step | None:
    """Return the step, or None for an operation without a bucket whose answers are not cached."""
    name, store, limiter = parts.policy.bucket, parts.dependencies.store, parts.limiter
    key_of = keying(parts)
    if name is None:
        return None if key_of is None else _only_look(parts)
    bucket = parts.dependencies.config.buckets[name]
    headers_of = _headers(name, bucket)

    def limit(context: RequestContext) -> None:
        by_account = context.caller is not None and context.caller[1] not in limiter.refused_sessions
        who = str(context.caller[0]) if context.caller and by_account else context.client.network
        context.key = key_of(context) if key_of else None
        if context.key is None or store is None:
            state = limiter.consume(name, who, bucket)
        else:
            state, context.look = store.consume_and_look_up(limiter, name, who, bucket, context.key)
        context.answer_headers += headers_of(state)
        context.taken = state if by_account else None
        if state.retry_seconds:
            raise RateLimited.after(state.retry_seconds, reason=f"bucket_{name}")

    return limit


def for_the_refused(parts: Parts) -> Callable[[RequestContext], None] | None:
    """Return what to do with a call whose session was refused, or None for an operation without a bucket."""
    name, limiter = parts.policy.bucket, parts.limiter
    if name is None:
        return None
    bucket = parts.dependencies.config.buckets[name]
    headers_of = _headers(name, bucket)

    def count_by_network(context: RequestContext) -> None:
        if context.taken is None or context.caller is None:
            return
        user_id, session_id = context.caller
        limiter.refused_sessions.add(session_id)
        state = limiter.transfer(name, str(user_id), bucket, context.taken, context.client.network)
        others = [header for header in context.answer_headers if header[0] not in _NAMES]
        context.answer_headers = [*others, *headers_of(state)]

    return count_by_network


def _headers(name: str, bucket: Bucket) -> Callable[[LimitState], tuple[tuple[bytes, bytes], ...]]:
    # draft-ietf-httpapi-ratelimit-headers-11: `q` may be used up within `w`, at once too; hence burst and its refill.
    policy = f'"{name}";q={bucket.size};w={bucket.refill_seconds}'.encode()

    def headers_of(state: LimitState) -> tuple[tuple[bytes, bytes], ...]:
        # A refused caller is told one moment, not two (the same draft on Retry-After): when the next request is taken.
        window = state.retry_seconds or state.reset_seconds
        return tuple(zip(_NAMES, (policy, b'"%b";r=%d;t=%d' % (name.encode(), state.remaining, window)), strict=True))

    return headers_of


def _only_look(parts: Parts) -> Step:
    store, key_of = parts.dependencies.store, keying(parts)

    def look(context: RequestContext) -> None:
        assert store is not None
        assert key_of is not None
        context.key = key_of(context)
        context.look = store.look_up(context.key) if context.key else None

    return look
