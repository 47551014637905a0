"""One plan for each operation: everything that can be known before the first request, and two ways to run it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.cache.limiter import Limiter
from app.errors import AppError, Internal, MalformedBody, ValidationFailed, Violation
from app.gateway.binding import SignatureMismatch, bind
from app.gateway.responses import Responder, UnusableResponsesError
from app.gateway.validation import schemas
from app.gateway.validation.json_body import parse
from app.gateway.validation.parameters import UnreadableParameterError, compile_parameters
from app.gateway.validation.violations import list_violations
from app.policy.call import Answer, Call
from app.policy.document import Document, DocumentError, Fault, resolve
from app.policy.parts import Parts, ReadsBody
from app.policy.pipeline import compile_steps
from app.policy.policy import Policy
from app.services.tools import Tools

# What the gateway itself answers with before an operation is known, or in its place.
_EVERYWHERE = frozenset({404, 405, 413, 414, 415, 431, 500, 503})

Handler = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """An operation, compiled.

    Attributes:
        run: takes a call through the steps; raises the refusal.
        takes_body: whether a body is read at all.
        needs_body: whether it must be there.
    """

    policy: Policy
    run: Callable[[Call], Answer]
    takes_body: bool
    needs_body: bool


def compile_plans(
    document: Document,
    policies: Mapping[str, Policy],
    handlers: Mapping[str, Handler],
    *,
    tools: Tools,
    limiter: Limiter,
    signing_key: bytes,
    given: Mapping[str, object],
    check_rights: bool = True,
) -> dict[str, Plan]:
    """Return the plan of every operation by operationId.

    Args:
        handlers: functions by operationId.
        given: objects that handlers may ask for by name.

    Raises:
        DocumentError: with a fault for each handler that does not fit its operation, and for each operation whose
            parameters cannot be read or whose successes cannot be rendered.
    """
    plans, faults = {}, []
    for name, policy in policies.items():
        path_item = document.bundle["paths"][policy.path]
        operation = path_item[policy.method]
        try:
            reader = compile_parameters(document.bundle, operation, path_item)
        except UnreadableParameterError as error:
            faults.append(Fault(policy.place, str(error), "Describe it as plain values in path, query or header."))
            continue
        body = _body_reader(document.bundle, operation)
        try:
            handler = bind(handlers[name], parameters=reader.names, has_body=body is not None, given=given)
        except SignatureMismatch as error:
            faults.append(Fault(policy.place, f"The handler {name} {error}.", "Change its parameters or the document."))
            continue
        try:
            responder = Responder(document.bundle, operation, policy)
        except UnusableResponsesError as error:
            faults.append(
                Fault(policy.place, f"{name} cannot be answered. {error}", "Write a 2xx, in the envelope under /v1.")
            )
            continue
        run = compile_steps(Parts(policy, reader, body, handler, responder, limiter, tools, signing_key, check_rights))
        request_body = resolve(document.bundle, operation.get("requestBody", {}))
        plans[name] = Plan(
            policy=policy,
            run=_only_documented(run, responder.statuses | _EVERYWHERE),
            takes_body=body is not None,
            needs_body=bool(request_body.get("required")),
        )
    if faults:
        raise DocumentError(faults)
    return plans


def _only_documented(run: Callable[[Call], Answer], statuses: frozenset[int]) -> Callable[[Call], Answer]:
    def checked(call: Call) -> Answer:
        try:
            return run(call)
        except AppError as error:
            if error.status in statuses:
                raise
            raise Internal(reason="undocumented_refusal") from error

    return checked


def _body_reader(bundle: Mapping[str, Any], operation: Mapping[str, Any]) -> ReadsBody | None:
    if "requestBody" not in operation:
        return None
    request_body = resolve(bundle, operation["requestBody"])
    required = bool(request_body.get("required"))
    validator = schemas.compile(bundle, request_body["content"]["application/json"]["schema"], direction="request")

    def read(raw: bytes) -> Any:
        if not raw:
            if required:
                raise MalformedBody("The body is missing: send a JSON object.")
            return None
        document = parse(raw)
        if not validator.is_valid(document):
            raise ValidationFailed(
                details=list_violations(validator, document) or [Violation("The body is not valid.")]
            )
        return document

    return read
