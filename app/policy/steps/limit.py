"""Rate limit: counts the call in the operation's bucket, per account, else per client network (x-rate-limit)."""

from app.errors import RateLimited
from app.policy.call import Call
from app.policy.parts import Parts, Step


def make(parts: Parts) -> Step | None:
    """Return the step, or None for an operation without a bucket."""
    name = parts.policy.bucket
    if name is None:
        return None
    bucket = parts.tools.settings.buckets[name]
    take = parts.limiter.take
    policy_header = (b"ratelimit-policy", f'"{name}";q={bucket.count};w={bucket.seconds}'.encode())

    def limit(call: Call) -> None:
        who = str(call.caller[0]) if call.caller else call.client.network
        state = take(name, who, bucket)
        call.answer_headers += (
            policy_header,
            (b"ratelimit", b'"%b";r=%d;t=%d' % (name.encode(), state.remaining, state.reset_seconds)),
        )
        if state.retry_seconds:
            raise RateLimited.after(state.retry_seconds, reason=f"bucket_{name}")

    return limit
