"""Whether a response is one that the document describes; every other becomes a 500.

What never changes is checked at start: that a success has the envelope, and that the envelope's own parts match its
schema. Per request the data is checked, and each header that is sent.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from jsonschema_rs import Draft202012Validator

from app.errors import Internal
from app.pipeline.envelope import envelope
from app.spec.document import resolve
from app.spec.policy import Policy
from app.spec.validation import schemas
from app.spec.validation.violations import list_violations

HeaderCheck = Callable[[str], bool]
_MAX_LOGGED = 5


class ResponseMismatch(Exception):
    """A response that the document does not describe; its text is for the log."""


class UnusableResponsesError(Exception):
    """Responses of an operation from which none can be sent; its text is for the person who edits the document."""


class InvalidResponseSchemaError(Exception):
    """A response whose schema cannot be compiled.

    Attributes:
        status: of the response.
        cause: what the compiler reports.
    """

    def __init__(self, status: str, cause: Exception) -> None:
        self.status, self.cause = status, cause
        super().__init__(str(cause))


class ResponseChecks:
    """Checks the responses of one operation.

    Args:
        bundle: the document.
        operation: its operation object.
        page_metas: the JSON members that its pages add to `meta`, one example of each kind; one empty one for others.

    Attributes:
        status: the first success that the document names.
        statuses: every status that it names.

    Raises:
        UnusableResponsesError: no success is described, or one that is neither JSON nor in the envelope.
        InvalidResponseSchemaError: a schema cannot be compiled.
    """

    def __init__(
        self, bundle: Mapping[str, Any], operation: Mapping[str, Any], policy: Policy, page_metas: Sequence[bytes]
    ) -> None:
        self._policy = policy
        self._page_metas = page_metas
        self._enveloped = policy.path.startswith("/v1/")
        self._data_checks: dict[int, Draft202012Validator | None] = {}
        self._header_checks: dict[int, dict[bytes, HeaderCheck]] = {}
        for status, reference in operation["responses"].items():
            if str(status).isdigit():
                try:
                    self._compile(bundle, int(status), resolve(bundle, reference))
                except UnusableResponsesError as error:
                    raise UnusableResponsesError(f"Its response {status} {error}.") from None
                except (ValueError, re.error) as error:
                    raise InvalidResponseSchemaError(str(status), error) from error
        successes = [status for status in self._data_checks if 200 <= status < 300]
        if not successes:
            raise UnusableResponsesError("It describes no success: no response of 200 to 299 is named.")
        self.status = successes[0]
        self.statuses = frozenset(self._header_checks)

    def is_empty(self, status: int) -> bool:
        """Return whether the document describes no body for a status."""
        return self._data_checks[status] is None

    def check(self, status: int, data: Any, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """Check a response before it is sent.

        Raises:
            Internal: the document does not describe the data, the status or a header.
        """
        if status not in self._data_checks:
            raise self._mismatch(f"status {status} is not documented")
        validator = self._data_checks[status]
        if validator is None:
            if data is not None:
                raise self._mismatch(f"status {status} has no body in the document, but the handler returned one")
        elif not validator.is_valid(data):
            violations = " ".join(
                f"{violation.field or 'the whole'}: {violation.message}"
                for violation in list_violations(validator, data)[:_MAX_LOGGED]
            )
            raise self._mismatch(f"the data of status {status} does not match its schema: {violations}")
        header_checks = self._header_checks[status]
        for name, value in headers:
            is_valid = header_checks.get(name)
            if is_valid is None:
                raise self._mismatch(f"status {status} does not document the header {name.decode()}")
            if not is_valid(value.decode("latin-1")):
                raise self._mismatch(f"the header {name.decode()} of status {status} does not match its schema")

    def _mismatch(self, text: str) -> Internal:
        error = Internal(reason="response_mismatch")
        error.__cause__ = ResponseMismatch(f"{self._policy.operation_id}: {text} ({self._policy.place})")
        return error

    def _compile(self, bundle: Mapping[str, Any], status: int, response: Mapping[str, Any]) -> None:
        # Outside of the envelope a report such as the health check's may be an error status with data.
        if status < 300 or not self._enveloped:
            self._data_checks[status] = self._data_check(bundle, response)
        self._header_checks[status] = _header_checks(bundle, response)

    def _data_check(self, bundle: Mapping[str, Any], response: Mapping[str, Any]) -> Draft202012Validator | None:
        content = response.get("content")
        if not content:
            return None
        if "schema" not in content.get("application/json", ()):
            raise UnusableResponsesError("has no schema for application/json")
        schema = resolve(bundle, content["application/json"]["schema"])
        if self._enveloped:
            properties = schema.get("properties", {})
            if "data" not in properties:
                raise UnusableResponsesError("is not in the envelope: its schema has no property data")
            around = {**schema, "properties": {**properties, "data": {"nullable": True}}}
            is_valid = schemas.compile(bundle, around, direction="response").is_valid
            if not all(map(is_valid, self._empty_envelopes())):
                raise UnusableResponsesError("describes another envelope than the one that is sent")
            schema = properties["data"]
        return schemas.compile(bundle, schema, direction="response")

    def _empty_envelopes(self) -> list[Any]:
        """Return the kinds of envelope that are sent, with null for the data."""
        return [
            orjson.loads(envelope(b"null", str(UUID(int=0)), datetime.now(UTC), more_meta=meta))
            for meta in self._page_metas
        ]


def _header_checks(bundle: Mapping[str, Any], response: Mapping[str, Any]) -> dict[bytes, HeaderCheck]:
    checks: dict[bytes, HeaderCheck] = {}
    for name, reference in response.get("headers", {}).items():
        header = resolve(bundle, reference)
        if "schema" not in header:
            raise UnusableResponsesError(f"has no schema for the header {name}")
        schema = resolve(bundle, header["schema"])
        if schema.get("type") == "integer":
            checks[name.lower().encode()] = str.isdigit
        elif "pattern" in schema:
            checks[name.lower().encode()] = _matches(schema["pattern"])
        else:
            checks[name.lower().encode()] = schemas.compile(bundle, schema, direction="response").is_valid
    return checks


@cache
def _matches(pattern: str) -> HeaderCheck:
    search = re.compile(pattern).search
    return lambda value: search(value) is not None
