"""How an operation is compiled: what can be known before the first request is worked out when the process starts.

1. **Match** (`app.pipeline.matching`): each operation of the document is matched with its handler. This needs no secret
   and no database, so `charter spec lint` and `charter doctor` find what a start would find. Result: MatchedOperation.
2. **Bind** (`bind_operation`): the handler and the renderer get what the process provides. Result: BoundOperation.
3. **Compile** (`compile_operation`): the steps that the operation needs are made and put in order
   (`app.pipeline.order`). Result: CompiledOperation, which both gateways run.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import ModuleType

from app.declared_errors import DeclaredError
from app.errors import AppError, Internal, SessionEnded
from app.exits import as_error
from app.pipeline.arguments import bind_handler, takes_target_user
from app.pipeline.batching import BatchedStep, BatchItem, Run
from app.pipeline.operation import BoundOperation, CompiledOperation, MatchedOperation, Runtime, Step
from app.pipeline.order import ORDER
from app.pipeline.request_context import RequestContext
from app.pipeline.steps import rate_limit
from app.spec.policy import Policy

# Errors that the gateway itself sends before an operation is known, or instead of it.
_GATEWAY_STATUSES = frozenset({404, 405, 413, 414, 415, 431, 500, 503})

Begin = Callable[[RequestContext], Run]


def compile_operations(matched: Mapping[str, MatchedOperation], runtime: Runtime) -> dict[str, CompiledOperation]:
    """Return the compiled operations by operationId."""
    return {name: compile_operation(operation, runtime) for name, operation in matched.items()}


def bind_operation(matched: MatchedOperation, runtime: Runtime) -> BoundOperation:
    """Return a matched operation bound to what the process provides."""
    prefix = runtime.dependencies.config.public_path
    bound = partial(
        bind_handler,
        parameters=matched.parameters.names,
        objects={"dependencies": runtime.dependencies, "probes": runtime.probes},
    )
    return BoundOperation(
        policy=matched.policy,
        parameters=matched.parameters,
        read_body=matched.read_body,
        run_handler=bound(matched.handler),
        propose=bound(matched.proposer) if matched.proposer else None,
        takes_target_user=takes_target_user(matched.handler, matched.parameters.names),
        render=partial(matched.renderer, cursors=runtime.cursors, prefix=prefix),
        check_stored=matched.renderer.check_stored,
        render_data=matched.renderer.data,
        render_cached=matched.renderer.cached,
        runtime=runtime,
    )


def compile_operation(matched: MatchedOperation, runtime: Runtime) -> CompiledOperation:
    """Return an operation with all of its steps in order."""
    bound = bind_operation(matched, runtime)
    return compile_steps(
        matched,
        runtime,
        make_steps(ORDER, bound),
        on_session_ended=rate_limit.make_recount(bound),
    )


def compile_steps(
    matched: MatchedOperation,
    runtime: Runtime,
    steps: tuple[Step | BatchedStep, ...],
    *,
    on_session_ended: Callable[[RequestContext], None] | None,
) -> CompiledOperation:
    """Return the compiled operation that takes requests through these steps and no others.

    Args:
        steps: in their order; the last one returns a response.
        on_session_ended: called for a request whose session turns out to be over.
    """
    policy = matched.policy
    prefix = runtime.dependencies.config.public_path
    begin = _begin_in_order(policy, steps, on_session_ended)
    return CompiledOperation(
        policy=policy,
        steps=steps,
        begin=_only_documented_errors(begin, matched),
        is_batched=policy.executor == "common" and (not policy.public or matched.proposer is not None),
        takes_body=matched.read_body is not None,
        body_required=matched.body_required,
        media_types=matched.media_types,
        headers=policy.sunset.headers_under(prefix) if policy.sunset else (),
    )


def make_steps(modules: Iterable[ModuleType], operation: BoundOperation) -> tuple[Step | BatchedStep, ...]:
    """Return the steps that an operation needs, of those in these modules, in their order."""
    return tuple(step for module in modules if (step := module.make(operation)) is not None)


def _begin_in_order(
    policy: Policy,
    steps: tuple[Step | BatchedStep, ...],
    on_session_ended: Callable[[RequestContext], None] | None,
) -> Begin:
    last = next((step for step in reversed(steps) if isinstance(step, BatchedStep)), None)

    def run(context: RequestContext) -> Run:
        try:
            for step in steps:
                if isinstance(step, BatchedStep):
                    item = BatchItem(step.round_trip, step.prepare(context), is_last=step is last)
                    response = step.finish(context, (yield item))
                else:
                    response = step(context)
                if response is not None:
                    return response
        except SessionEnded:
            if on_session_ended is not None:
                on_session_ended(context)
            raise
        raise AssertionError(f"{policy.operation_id} has no last step")

    return run


class _UndocumentedStatusError(Exception):
    """A service raised an error that the document does not allow the operation to return."""


def _only_documented_errors(begin: Begin, matched: MatchedOperation) -> Begin:
    """Return `begin` with a 500 in place of every error whose status or code the document does not name.

    What would end more than the request, such as SystemExit, becomes an ordinary error.
    """
    name, statuses = matched.policy.operation_id, matched.renderer.statuses | _GATEWAY_STATUSES

    def checked(context: RequestContext) -> Run:
        try:
            return (yield from begin(context))
        except AppError as error:
            if isinstance(error, DeclaredError):
                error.complete(matched.errors)
            undeclared = bool(matched.errors) and error.code not in matched.errors
            if error.status in statuses and not undeclared:
                raise
            lack = f"documents no response with status {error.status}"
            fix = f'Add "{error.status}" to its responses ({matched.policy.place}).'
            if undeclared:
                lack, fix = "errors.yaml does not have it", "Declare it there."
            undocumented = _UndocumentedStatusError(f"{name} raised {error.code}, but {lack}. {fix}")
            undocumented.__cause__ = error
            raise Internal(reason="undocumented_refusal") from undocumented
        except GeneratorExit:  # the run is dropped where it stands
            raise
        except BaseException as error:
            if (ordinary := as_error(error)) is error:
                raise
            raise ordinary from error

    return checked
