"""How an operation is compiled: what can be known before the first request is worked out when the process starts.

1. **Match** (`app.pipeline.matching`): each operation of the document is matched with its handler. This needs no secret
   and no database, so `charter spec lint` and `charter doctor` find what a start would find. Result: MatchedOperation.
2. **Bind** (`bind_operation`): the handler and the renderer get what the process provides. Result: BoundOperation.
3. **Compile** (`compile_operation`): the steps that the operation needs are made and put in order
   (`app.pipeline.order`). Result: CompiledOperation, which both gateways run.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from types import ModuleType
from typing import Any

from app.database import connection
from app.declared_errors import DeclaredError
from app.errors import AppError, Internal, SessionEnded
from app.exits import as_error
from app.pipeline.arguments import bind_handler
from app.pipeline.operation import BoundOperation, CompiledOperation, MatchedOperation, Runtime, Step
from app.pipeline.order import BEFORE_THE_DATABASE, WITH_THE_DATABASE
from app.pipeline.request_context import RequestContext
from app.pipeline.response import Response
from app.pipeline.steps import rate_limit
from app.spec.policy import Policy

# Errors that the gateway itself sends before an operation is known, or instead of it.
_GATEWAY_STATUSES = frozenset({404, 405, 413, 414, 415, 431, 500, 503})

Run = Callable[[RequestContext], Response]


def compile_operations(matched: Mapping[str, MatchedOperation], runtime: Runtime) -> dict[str, CompiledOperation]:
    """Return the compiled operations by operationId."""
    return {name: compile_operation(operation, runtime) for name, operation in matched.items()}


def bind_operation(matched: MatchedOperation, runtime: Runtime) -> BoundOperation:
    """Return a matched operation bound to what the process provides."""
    prefix = runtime.dependencies.config.public_path
    return BoundOperation(
        policy=matched.policy,
        parameters=matched.parameters,
        read_body=matched.read_body,
        run_handler=bind_handler(
            matched.handler,
            parameters=matched.parameters.names,
            objects={"dependencies": runtime.dependencies, "probes": runtime.probes},
        ),
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
        before=make_steps(BEFORE_THE_DATABASE, bound),
        after=make_steps(WITH_THE_DATABASE, bound),
        on_session_ended=rate_limit.make_recount(bound),
    )


def compile_steps(
    matched: MatchedOperation,
    runtime: Runtime,
    *,
    before: tuple[Step, ...],
    after: tuple[Step, ...],
    on_session_ended: Callable[[RequestContext], None] | None,
) -> CompiledOperation:
    """Return the compiled operation that takes requests through these steps and no others.

    Args:
        before: run without a database connection.
        after: run with the database connection that the operation holds.
        on_session_ended: called for a request whose session turns out to be over.
    """
    policy = matched.policy
    prefix = runtime.dependencies.config.public_path
    run = _run_in_order(policy, before, after, on_session_ended)
    return CompiledOperation(
        policy=policy,
        steps=(*before, *after),
        run=_only_documented_errors(run, matched),
        takes_body=matched.read_body is not None,
        body_required=matched.body_required,
        media_types=matched.media_types,
        headers=policy.sunset.headers_under(prefix) if policy.sunset else (),
    )


def make_steps(modules: Iterable[ModuleType], operation: BoundOperation) -> tuple[Step, ...]:
    """Return the steps that an operation needs, of those in these modules, in their order."""
    return tuple(step for module in modules if (step := module.make(operation)) is not None)


def _run_in_order(
    policy: Policy,
    before: tuple[Step, ...],
    after: tuple[Step, ...],
    on_session_ended: Callable[[RequestContext], None] | None,
) -> Run:
    hold_connection = _connection_scope(policy)

    def run(context: RequestContext) -> Response:
        for step in before:
            if (response := step(context)) is not None:
                return response
        try:
            with hold_connection():
                for step in after:
                    if (response := step(context)) is not None:
                        return response
        except SessionEnded:
            if on_session_ended is not None:
                on_session_ended(context)
            raise
        raise AssertionError(f"{policy.operation_id} has no last step")

    return run


def _connection_scope(policy: Policy) -> Callable[[], AbstractContextManager[Any]]:
    """Return a function that keeps a connection from the authorization to the end.

    Operations that hash passwords, and public ones, keep no connection: they take one where they need it.
    """
    return nullcontext if policy.public or policy.executor != "common" else connection


class _UndocumentedStatusError(Exception):
    """A service raised an error that the document does not allow the operation to return."""


def _only_documented_errors(run: Run, matched: MatchedOperation) -> Run:
    """Return `run` with a 500 in place of every error whose status or code the document does not name.

    What would end more than the request, such as SystemExit, becomes an ordinary error.
    """
    name, statuses = matched.policy.operation_id, matched.renderer.statuses | _GATEWAY_STATUSES

    def checked(context: RequestContext) -> Response:
        try:
            return run(context)
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
        except BaseException as error:
            if (ordinary := as_error(error)) is error:
                raise
            raise ordinary from error

    return checked
