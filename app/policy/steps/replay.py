"""Replay: a request that was done before gets its first answer again, before anything else can refuse it.

Rights have been checked by now, as on every request. No connection is held afterwards by an operation that hashes
passwords, so a twin can still come first: the claim in `app.policy.steps.work` decides.
"""

from app.policy.call import Answer, Call
from app.policy.kept_answers import KeptAnswers
from app.policy.parts import Parts, Step
from app.policy.steps.event import records_failure


def make(parts: Parts) -> Step | None:
    """Return the step, or None for an operation that ignores Idempotency-Key."""
    if parts.policy.idempotency is None:
        return None
    kept = KeptAnswers(parts.policy.operation_id, parts.tools, parts.recheck)

    @records_failure(parts)
    def replay(call: Call) -> Answer | None:
        return kept.find(call) if call.claim else None

    return replay
