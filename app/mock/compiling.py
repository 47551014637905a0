"""The operations of the mock: the steps of the server, with those replaced that need the database."""

from collections.abc import Mapping
from dataclasses import replace

from app.mock.steps import authorization, preference, run_handler
from app.pipeline.compile import bind_operation, compile_steps, make_steps
from app.pipeline.operation import CompiledOperation, MatchedOperation, Runtime
from app.pipeline.steps import body, idempotency, parameters, precondition, property_permissions, rate_limit

ORDER = (
    rate_limit,
    parameters,
    authorization,
    body,
    idempotency,
    precondition,
    property_permissions,
    preference,
    run_handler,
)
"""As `app.pipeline.order`. No step is for the cache, which the mock does not have, and `run_handler` replays."""


def compile_operations(matched: Mapping[str, MatchedOperation], runtime: Runtime) -> dict[str, CompiledOperation]:
    """Return the compiled operations by operationId."""
    return {name: _compile(operation, runtime) for name, operation in matched.items()}


def _compile(matched: MatchedOperation, runtime: Runtime) -> CompiledOperation:
    # A request may ask for a delay, which must hold up neither the event loop nor the few threads that hash.
    matched = replace(matched, policy=replace(matched.policy, executor="common"))
    steps = make_steps(ORDER, bind_operation(matched, runtime))
    return compile_steps(matched, runtime, steps, on_session_ended=None)
