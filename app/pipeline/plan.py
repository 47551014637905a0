"""One plan for each operation: everything that can be known before the first request, and two ways to run it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from app.cache.limiter import Limiter
from app.context.dependencies import Dependencies
from app.errors import AppError, Internal
from app.pipeline.arguments import bind
from app.pipeline.context import RequestContext, Response
from app.pipeline.fitting import Fitted
from app.pipeline.order import compile_steps
from app.pipeline.parts import Parts
from app.security.cursors import Cursors
from app.spec.policy import Policy

# What the gateway itself answers with before an operation is known, or in its place.
_EVERYWHERE = frozenset({404, 405, 413, 414, 415, 431, 500, 503})


@dataclass(frozen=True, slots=True)
class Plan:
    """An operation, compiled.

    Attributes:
        run: takes a call through the steps; raises the refusal.
        takes_body: whether a body is read at all.
        media_types: those that a body may have.
        needs_body: whether it must be there.
        headers: what every answer carries, however it ends.
    """

    policy: Policy
    run: Callable[[RequestContext], Response]
    takes_body: bool
    media_types: tuple[str, ...]
    needs_body: bool
    headers: tuple[tuple[bytes, bytes], ...]


def compile_plans(
    fitted: Mapping[str, Fitted],
    *,
    dependencies: Dependencies,
    limiter: Limiter,
    audit_client_key: bytes,
    cursors: Cursors,
    given: Mapping[str, object],
    check_rights: bool = True,
) -> dict[str, Plan]:
    """Return the plan of every operation by operationId.

    Args:
        fitted: the operations with their handlers, checked.
        given: the objects that handlers may ask for, by the names in `binding.GIVEN`.
    """
    plans = {}
    prefix = dependencies.config.public_path
    for name, operation in fitted.items():
        parts = Parts(
            operation.policy,
            operation.reader,
            operation.body,
            bind(operation.handler, parameters=operation.reader.names, given=given),
            partial(operation.responder, cursors=cursors, prefix=prefix),
            operation.responder.recheck,
            limiter,
            dependencies,
            audit_client_key,
            cursors,
            check_rights=check_rights,
        )
        plans[name] = Plan(
            policy=operation.policy,
            run=_only_documented(compile_steps(parts), operation.responder.statuses | _EVERYWHERE),
            takes_body=operation.body is not None,
            media_types=operation.media_types,
            needs_body=operation.needs_body,
            headers=operation.policy.sunset.headers_under(prefix) if operation.policy.sunset else (),
        )
    return plans


def _only_documented(
    run: Callable[[RequestContext], Response], statuses: frozenset[int]
) -> Callable[[RequestContext], Response]:
    def checked(context: RequestContext) -> Response:
        try:
            return run(context)
        except AppError as error:
            if error.status in statuses:
                raise
            raise Internal(reason="undocumented_refusal") from error

    return checked
