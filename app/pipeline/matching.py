"""Stage 1 of the compilation: each operation of the document is matched with its handler, and every fault is reported.

Nothing here needs a database, a cache or a secret, so a start, `charter spec lint` and `charter doctor` find the same
faults.
"""

import inspect
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from app.errors import MalformedBody, ValidationError, Violation
from app.media_types import JSON, MERGE_PATCH
from app.pipeline.arguments import SignatureMismatch, check_signature
from app.pipeline.handlers import find_proposer
from app.pipeline.operation import Handler, MatchedOperation, ReadBody
from app.pipeline.rendering import ResponseRenderer
from app.pipeline.response_checks import InvalidResponseSchemaError, UnusableResponsesError
from app.spec.document import Document, Fault, Place, resolve
from app.spec.policy import Policy
from app.spec.validation import schemas
from app.spec.validation.json_body import parse
from app.spec.validation.parameters import ParameterReader, UnreadableParameterError, compile_parameters
from app.spec.validation.violations import list_violations

_TYPES = ("array", "boolean", "integer", "number", "object", "string")


def match_operations(
    document: Document, policies: Mapping[str, Policy], handlers: Mapping[str, Handler]
) -> tuple[dict[str, MatchedOperation], list[Fault]]:
    """Return the matched operations by operationId, and a fault for each thing that does not match.

    Args:
        handlers: functions by operationId; an operation without one is left out.
    """
    matched, faults = {}, []
    for name, policy in policies.items():
        matching = _Matching(document, policy)
        operation = matching.run(handlers.get(name))
        faults += matching.faults
        if operation is not None:
            matched[name] = operation
    return matched, faults


class _Matching:
    """Matches one operation. Every part is tried, even where another one has failed."""

    def __init__(self, document: Document, policy: Policy) -> None:
        self._document, self._bundle, self._policy = document, document.bundle, policy
        self._path_item = document.bundle["paths"][policy.path]
        self._operation = self._path_item[policy.method]
        self._has_body = "requestBody" in self._operation
        self._request_body = resolve(self._bundle, self._operation.get("requestBody", {}))
        self.faults: list[Fault] = []

    def run(self, handler: Handler | None) -> MatchedOperation | None:
        parameters, read_body, renderer = self._parameters(), self._read_body(), self._renderer()
        if handler is not None and parameters is not None:
            self._check_signature(handler, parameters)
        if handler is None or parameters is None or renderer is None or self.faults:
            return None
        return MatchedOperation(
            policy=self._policy,
            parameters=parameters,
            read_body=read_body,
            body_required=bool(self._request_body.get("required")),
            media_types=(JSON, *(kind for kind in self._request_body.get("content", {}) if kind != JSON)),
            handler=handler,
            proposer=self._proposer(handler),
            renderer=renderer,
            errors=self._document.errors,
        )

    def _proposer(self, handler: Handler) -> Handler | None:
        """Return the proposer of an operation of Charter's; in a project, a function of that name is something else."""
        is_of_project = bool(self._document.inherited_paths) and not self._policy.inherited
        return None if is_of_project else find_proposer(handler, self._policy.operation_id)

    def _parameters(self) -> ParameterReader | None:
        try:
            return compile_parameters(self._bundle, self._operation, self._path_item)
        except UnreadableParameterError as error:
            fix = "Describe it as plain values in path, query or header."
            self.faults.append(Fault(self._policy.place, str(error), fix))
        except ValueError as error:
            self._invalid_schema("parameters", "A parameter", error)
        return None

    def _read_body(self) -> ReadBody | None:
        if not self._has_body:
            return None
        content = self._request_body.get("content", {})
        schema = content.get(JSON, {}).get("schema")
        if schema is None:
            problem = f"The body of {self._policy.operation_id} has no schema for {JSON}."
            self.faults.append(Fault(self._place("requestBody"), problem, "Write one: no other body is read."))
            return None
        self._check_media_types(content)
        try:
            return _body_reader(self._bundle, schema, required=bool(self._request_body.get("required")))
        except ValueError as error:
            self._invalid_schema("requestBody", "The request body", error)
            return None

    def _check_media_types(self, content: Mapping[str, Any]) -> None:
        for kind, media_type in content.items():
            if kind == JSON:
                continue
            name = self._policy.operation_id
            if kind != MERGE_PATCH or self._policy.method != "patch":
                problem = f"A body of {name} as {kind} would be rejected."
                fix = f"Leave {JSON}, and {MERGE_PATCH} on a PATCH."
                self.faults.append(Fault(self._place("requestBody"), problem, fix))
            elif media_type.get("schema") != content[JSON].get("schema"):
                problem = f"The bodies of {name} have different schemas."
                self.faults.append(Fault(self._place("requestBody"), problem, f"Give {kind} the schema of {JSON}."))

    def _check_signature(self, handler: Handler, parameters: ParameterReader) -> None:
        try:
            cached = self._policy.cache is not None
            check_signature(
                handler,
                parameters=parameters.names,
                has_body=self._has_body,
                cached=cached,
                safe=self._policy.safe,
                has_user="{user_id}" in self._policy.path,
            )
        except SignatureMismatch as error:
            where = f"{self._policy.method.upper()} {self._policy.path} ({self._policy.place})"
            problem = f"{self._policy.operation_id}() {error.problem}, which {where} {error.about_operation}."
            self.faults.append(Fault(_location(handler, self._policy.place), problem, error.fix))

    def _renderer(self) -> ResponseRenderer | None:
        try:
            return ResponseRenderer(self._bundle, self._operation, self._policy)
        except UnusableResponsesError as error:
            problem = f"{self._policy.operation_id} has no response that can be sent. {error}"
            self.faults.append(Fault(self._policy.place, problem, "Write a 2xx, in the envelope under /v1."))
        except InvalidResponseSchemaError as error:
            self._invalid_schema("responses", f"The {error.status} response", error.cause)
        return None

    def _invalid_schema(self, key: str, what: str, error: Exception) -> None:
        message, fix = _schema_problem(error)
        problem = f"{what} of {self._policy.operation_id} has an invalid schema: {message}."
        self.faults.append(Fault(self._place(key), problem, fix))

    def _place(self, key: str) -> Place:
        return self._document.where(("paths", self._policy.path, self._policy.method, key))


def _location(handler: Handler, otherwise: Place) -> Place:
    """Return where a handler is defined."""
    function = inspect.unwrap(handler)
    code = getattr(function, "__code__", None)
    file = f"{getattr(function, '__module__', '').replace('.', '/')}.py"
    return Place(file, code.co_firstlineno) if code else otherwise


def _schema_problem(error: Exception) -> tuple[str, str]:
    """Return what is wrong with a schema that cannot be compiled, and what to do about it."""
    value = getattr(error, "instance", None)
    keys = [key for key in getattr(error, "instance_path", ()) if isinstance(key, str)]
    if keys[-1:] == ["type"] and isinstance(value, str):
        nearest = get_close_matches(value, _TYPES, n=1)
        return f"`type: {value}`", f"Use `{nearest[0]}`." if nearest else f"Use one of {', '.join(_TYPES)}."
    message = str(error).partition("\n")[0]
    return message, "Correct it there, or in the component that it refers to."


def _body_reader(bundle: Mapping[str, Any], schema: Any, *, required: bool) -> ReadBody:
    validator = schemas.compile(bundle, schema, direction="request")

    def read(raw: bytes) -> Any:
        if not raw:
            if required:
                raise MalformedBody("The body is missing: send a JSON object.")
            return None
        body = parse(raw)
        if not validator.is_valid(body):
            raise ValidationError(details=list_violations(validator, body) or [Violation("The body is not valid.")])
        return body

    return read
