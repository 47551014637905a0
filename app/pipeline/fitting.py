"""Operations held against their handlers before anything is opened: what fits is compiled, what does not is told.

Nothing here needs a database, a cache or a secret, so that a start, `charter spec lint` and `charter doctor` see the
same.
"""

import importlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.errors import MalformedBody, ValidationError, Violation
from app.media_types import JSON, MERGE_PATCH
from app.pipeline.arguments import SignatureMismatch, check_signature
from app.pipeline.parts import ReadsBody
from app.pipeline.responses import Responder, UnusableResponsesError
from app.spec.document import Document, Fault, Place, resolve
from app.spec.policy import Policy
from app.spec.validation import schemas
from app.spec.validation.json_body import parse
from app.spec.validation.parameters import ParameterReader, UnreadableParameterError, compile_parameters
from app.spec.validation.violations import list_violations

Handler = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Fitted:
    """An operation whose parameters, body, handler and responses go together.

    Attributes:
        body: None where no body is read.
        needs_body: whether the body must be there.
        media_types: those that a body may have; the first is JSON.
    """

    policy: Policy
    reader: ParameterReader
    body: ReadsBody | None
    needs_body: bool
    media_types: tuple[str, ...]
    handler: Handler
    responder: Responder


def find_handlers(found: Mapping[str, Policy], package: str) -> tuple[dict[str, Handler], list[Fault]]:
    """Return the handler of every operation, and a fault for each one that is missing.

    It is the function named as the operationId, in the module named as the tag.
    """
    handlers, faults = {}, []
    for name, policy in found.items():
        module = f"{package}.{policy.tag}"
        try:
            handler = getattr(importlib.import_module(module), name, None)
        except ModuleNotFoundError as error:
            if error.name not in (module, package):
                raise
            handler = None
        if callable(handler):
            handlers[name] = handler
        else:
            fix = f"Write the function {name} in {module.replace('.', '/')}.py."
            faults.append(Fault(policy.place, f"The operation {name} has no handler.", fix))
    return handlers, faults


def fit(
    document: Document, policies: Mapping[str, Policy], handlers: Mapping[str, Handler]
) -> tuple[dict[str, Fitted], list[Fault]]:
    """Return the operations that fit, by operationId, and a fault for each thing that does not.

    Args:
        handlers: functions by operationId; an operation without one is left out.
    """
    fitted, faults = {}, []
    for name, policy in policies.items():
        attempt = _Attempt(document, policy)
        reader, (body, takes_body, needs_body) = attempt.reader(), attempt.body()
        responder = attempt.responder()
        handler = handlers.get(name)
        if handler is not None and reader is not None:
            attempt.signature(handler, reader, has_body=takes_body)
        faults += attempt.faults
        if handler is not None and reader is not None and responder is not None and not attempt.faults:
            fitted[name] = Fitted(policy, reader, body, needs_body, attempt.media_types(), handler, responder)
    return fitted, faults


class _Attempt:
    """One operation, of which everything is tried even where something has failed."""

    def __init__(self, document: Document, policy: Policy) -> None:
        self._bundle, self._policy = document.bundle, policy
        self._path_item = document.bundle["paths"][policy.path]
        self._operation = self._path_item[policy.method]
        self._document = document
        self.faults: list[Fault] = []

    def reader(self) -> ParameterReader | None:
        try:
            return compile_parameters(self._bundle, self._operation, self._path_item)
        except UnreadableParameterError as error:
            fix = "Describe it as plain values in path, query or header."
            self.faults.append(Fault(self._policy.place, str(error), fix))
        except ValueError as error:
            self._unusable("parameters", error)
        return None

    def body(self) -> tuple[ReadsBody | None, bool, bool]:
        """Return what reads the body, whether one is taken, and whether it must be there."""
        if "requestBody" not in self._operation:
            return None, False, False
        described = resolve(self._bundle, self._operation["requestBody"])
        required = bool(described.get("required"))
        schema = described.get("content", {}).get(JSON, {}).get("schema")
        if schema is None:
            problem = f"The body of {self._policy.operation_id} has no schema for {JSON}."
            self.faults.append(Fault(self._place("requestBody"), problem, "Write one: no other body is read."))
            return None, True, required
        self._only_read_types(described["content"])
        try:
            return _body_reader(self._bundle, schema, required=required), True, required
        except ValueError as error:
            self._unusable("requestBody", error)
            return None, True, required

    def media_types(self) -> tuple[str, ...]:
        """Return the media types that a body may have; those of the document, once `body` has found no fault."""
        described = resolve(self._bundle, self._operation.get("requestBody", {}))
        return (JSON, *(kind for kind in described.get("content", {}) if kind != JSON))

    def _only_read_types(self, content: Mapping[str, Any]) -> None:
        for kind, described in content.items():
            if kind == JSON:
                continue
            name = self._policy.operation_id
            if kind != MERGE_PATCH or self._policy.method != "patch":
                problem = f"A body of {name} as {kind} would be refused."
                fix = f"Leave {JSON}, and {MERGE_PATCH} on a PATCH."
                self.faults.append(Fault(self._place("requestBody"), problem, fix))
            elif described.get("schema") != content[JSON].get("schema"):
                problem = f"The bodies of {name} have different schemas."
                self.faults.append(Fault(self._place("requestBody"), problem, f"Give {kind} the schema of {JSON}."))

    def signature(self, handler: Handler, reader: ParameterReader, *, has_body: bool) -> None:
        try:
            cached = self._policy.cache is not None
            check_signature(handler, parameters=reader.names, has_body=has_body, cached=cached)
        except SignatureMismatch as error:
            problem = f"The handler {self._policy.operation_id} {error}."
            self.faults.append(Fault(self._policy.place, problem, "Change its parameters or the document."))

    def responder(self) -> Responder | None:
        try:
            return Responder(self._bundle, self._operation, self._policy)
        except UnusableResponsesError as error:
            problem = f"{self._policy.operation_id} cannot be answered. {error}"
            self.faults.append(Fault(self._policy.place, problem, "Write a 2xx, in the envelope under /v1."))
        except (ValueError, re.error) as error:
            self._unusable("responses", error)
        return None

    def _place(self, key: str) -> Place:
        return self._document.where(("paths", self._policy.path, self._policy.method, key))

    def _unusable(self, key: str, error: Exception) -> None:
        told = str(error).partition("\n")[0]
        problem = f"A schema in the {key} of {self._policy.operation_id} is none: {told}."
        self.faults.append(Fault(self._place(key), problem, "Mend it there, or in the component it refers to."))


def _body_reader(bundle: Mapping[str, Any], schema: Any, *, required: bool) -> ReadsBody:
    validator = schemas.compile(bundle, schema, direction="request")

    def read(raw: bytes) -> Any:
        if not raw:
            if required:
                raise MalformedBody("The body is missing: send a JSON object.")
            return None
        document = parse(raw)
        if not validator.is_valid(document):
            raise ValidationError(details=list_violations(validator, document) or [Violation("The body is not valid.")])
        return document

    return read
