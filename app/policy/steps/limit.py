"""Rate limit: counts the call in the operation's bucket, per account, else per client network (x-rate-limit).

What is cached for the call is asked for in the same round trip, and used only when its turn comes (`cached`).
"""

from app.errors import RateLimited
from app.policy.call import Call
from app.policy.parts import Parts, Step
from app.policy.steps.cached import keying


def make(parts: Parts) -> Step | None:
    """Return the step, or None for an operation without a bucket whose answers are not cached."""
    name, store, limiter = parts.policy.bucket, parts.tools.store, parts.limiter
    key_of = keying(parts)
    if name is None:
        return None if key_of is None else _only_look(parts)
    bucket = parts.tools.settings.buckets[name]
    # draft-ietf-httpapi-ratelimit-headers-11: `q` may be used up within `w`, at once too; hence burst and its refill.
    policy_header = (b"ratelimit-policy", f'"{name}";q={bucket.size};w={bucket.refill_seconds}'.encode())

    def limit(call: Call) -> None:
        who = str(call.caller[0]) if call.caller else call.client.network
        call.key = key_of(call) if key_of else None
        if call.key is None or store is None:
            state = limiter.take(name, who, bucket)
        else:
            state, call.look = store.take_and_look(limiter, name, who, bucket, call.key)
        # A refused caller is told one moment, not two (the same draft on Retry-After): when the next request is taken.
        window = state.retry_seconds or state.reset_seconds
        call.answer_headers += (
            policy_header,
            (b"ratelimit", b'"%b";r=%d;t=%d' % (name.encode(), state.remaining, window)),
        )
        if state.retry_seconds:
            raise RateLimited.after(state.retry_seconds, reason=f"bucket_{name}")

    return limit


def _only_look(parts: Parts) -> Step:
    store, key_of = parts.tools.store, keying(parts)

    def look(call: Call) -> None:
        assert store is not None
        assert key_of is not None
        call.key = key_of(call)
        call.look = store.look(call.key) if call.key else None

    return look
