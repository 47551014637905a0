"""The order in which a request is worked on: the tuple below is its documentation.

Each step is one file with a `make`, called at start, that returns the function run per request, or None where the
operation does not need it. A step raises the refusal, returns None to go on, or returns the answer.
"""

from collections.abc import Callable
from contextlib import nullcontext

from app.database import connection
from app.errors import SessionEnded
from app.pipeline.context import RequestContext, Response
from app.pipeline.parts import Parts, Step
from app.pipeline.steps import (
    body,
    cached,
    idempotency,
    limit,
    parameters,
    precondition,
    properties,
    replay,
    session,
    work,
)

BEFORE_THE_DATABASE = (limit, parameters)
WITH_THE_DATABASE = (session, cached, body, idempotency, precondition, properties, replay, work)


def compile_steps(parts: Parts) -> Callable[[RequestContext], Response]:
    """Return the function that takes a call of this operation through its steps to the answer.

    A connection is held from the session statement to the end, except by operations that hash passwords and
    those that know nobody: these take one where they need it.

    Args:
        parts: the operation's policy with what the gateway and the factory made for it.
    """
    before = _make(BEFORE_THE_DATABASE, parts)
    after = _make(WITH_THE_DATABASE, parts)
    count_otherwise = limit.for_the_refused(parts)
    policy = parts.policy
    scope = nullcontext if policy.public or policy.executor != "common" else connection

    def run(context: RequestContext) -> Response:
        for step in before:
            if (response := step(context)) is not None:
                return response
        try:
            with scope():
                for step in after:
                    if (response := step(context)) is not None:
                        return response
        except SessionEnded:
            if count_otherwise is not None:
                count_otherwise(context)
            raise
        raise AssertionError(f"{policy.operation_id} has no last step")

    return run


def _make(modules: tuple, parts: Parts) -> tuple[Step, ...]:  # type: ignore[type-arg]
    return tuple(step for module in modules if (step := module.make(parts)) is not None)
