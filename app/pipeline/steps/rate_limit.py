"""Rate limit: counts the request in the operation's bucket, by account, else by client network (x-rate-limit).

A request whose session turns out to be over counts against its client's network instead, so a revoked token uses up
nothing of its owner's. From then on, requests of such a session are counted by network from the start.

The same round trip to Redis looks up the cache entry of the request; the step `cache` uses it later.
"""

from collections.abc import Callable

from app.cache.limiter import Consumption, KeysAndValues, LimitState
from app.cache.store import lookup_of
from app.config import Bucket
from app.errors import RateLimited
from app.pipeline.batching import BatchedStep
from app.pipeline.operation import BoundOperation, Step
from app.pipeline.request_context import RequestContext
from app.pipeline.steps.cache import cache_key_builder

_NAMES = (b"ratelimit-policy", b"ratelimit")


def make(operation: BoundOperation) -> Step | BatchedStep | None:
    """Return the step, or None for an operation that has no bucket and is not cached."""
    name, limiter, dependencies = operation.policy.bucket, operation.runtime.limiter, operation.runtime.dependencies
    cache, build_key = dependencies.cache, cache_key_builder(operation)
    if name is None:
        return None if build_key is None else _cache_lookup_alone(operation)
    bucket = dependencies.config.buckets[name]
    headers_of = _headers(name, bucket)

    def prepare(context: RequestContext) -> Consumption:
        by_account = context.caller is not None and context.caller.session_id not in limiter.rejected_sessions
        context.is_counted_by_account = by_account
        who = str(context.caller.user_id) if context.caller and by_account else context.client.network
        context.cache_key = build_key(context) if build_key else None
        read_keys = cache.names(context.cache_key) if cache and context.cache_key else None
        return Consumption(name, who, bucket, read_keys)

    def finish(context: RequestContext, result: tuple[LimitState, KeysAndValues | None]) -> None:
        state, found = result
        context.cache_lookup = lookup_of(context.cache_key, found) if context.cache_key else None
        context.response_headers += headers_of(state)
        context.account_limit = state if context.is_counted_by_account else None
        if state.retry_seconds:
            raise RateLimited.after(state.retry_seconds, reason=f"bucket_{name}")

    return BatchedStep(prepare, limiter.consume_all, finish)


def make_recount(operation: BoundOperation) -> Callable[[RequestContext], None] | None:
    """Return the function that counts a request by network after all, or None for an operation without a bucket.

    It is called for a request whose session turned out to be over.
    """
    name, limiter = operation.policy.bucket, operation.runtime.limiter
    if name is None:
        return None
    bucket = operation.runtime.dependencies.config.buckets[name]
    headers_of = _headers(name, bucket)

    def count_by_network(context: RequestContext) -> None:
        if context.account_limit is None or context.caller is None:
            return
        user_id, session_id = context.caller
        limiter.rejected_sessions.add(session_id)
        state = limiter.transfer(name, str(user_id), bucket, context.account_limit, context.client.network)
        others = [header for header in context.response_headers if header[0] not in _NAMES]
        context.response_headers = [*others, *headers_of(state)]

    return count_by_network


def _headers(name: str, bucket: Bucket) -> Callable[[LimitState], tuple[tuple[bytes, bytes], ...]]:
    # draft-ietf-httpapi-ratelimit-headers-11: `q` may be used up within `w`, even at once. So the
    # header has the burst and its refill time.
    policy = (_NAMES[0], f'"{name}";q={bucket.size};w={bucket.refill_seconds}'.encode())
    bucket_name = name.encode()

    def headers_of(state: LimitState) -> tuple[tuple[bytes, bytes], ...]:
        # A 429 names one time, not two (the same draft on Retry-After): when the next request is accepted.
        window = state.retry_seconds or state.reset_seconds
        return policy, (_NAMES[1], b'"%b";r=%d;t=%d' % (bucket_name, state.remaining, window))

    return headers_of


def _cache_lookup_alone(operation: BoundOperation) -> Step:
    cache, build_key = operation.runtime.dependencies.cache, cache_key_builder(operation)

    def look_up(context: RequestContext) -> None:
        assert cache is not None
        assert build_key is not None
        context.cache_key = build_key(context)
        context.cache_lookup = cache.look_up(context.cache_key) if context.cache_key else None

    return look_up
