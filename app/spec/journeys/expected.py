"""What the document says of the response that a step expects."""

import re
from collections.abc import Sequence
from typing import Any

from app.spec.document import parse_pointer
from app.spec.operation import Operation

_CODE = ("errors", "0", "code")
Json = dict[str, Any]


class WrongStep(Exception):
    """A step that does not fit the document.

    Args:
        key: of the step, under which the mistake is.
        message: what is wrong, a sentence.
        fix: how to fix it, an imperative sentence.
    """

    def __init__(self, key: str, message: str, fix: str) -> None:
        super().__init__(message)
        self.key, self.message, self.fix = key, message, fix


def expression_of(path: str) -> str:
    """Return the expression of Arazzo for a header (`header.ETag`) or a path below `data` (`profile.bio`, `0.id`)."""
    return (
        f"$response.{path}" if path.startswith("header.") else "$response.body#/" + "/".join(["data", *path.split(".")])
    )


class Expected:
    """The response that a step expects.

    Args:
        step: the name of the step.
        operation: its operation.
        written: a status, or a status with an error code behind it; empty for the success of the operation.

    Attributes:
        criteria: the conditions for its status and code.

    Raises:
        WrongStep: the operation does not document the status or the code.
    """

    def __init__(self, step: str, operation: Operation, written: str) -> None:
        self._operation, self._step = operation, f"{step} ({operation.body.get('operationId')})"
        responses = operation.body["responses"]
        status, _, code = (written or next((key for key in responses if key.startswith("2")), "2xx")).partition(" ")
        if status not in responses:
            message = f"{operation.body.get('operationId')} does not document the status {status}."
            raise WrongStep("expect", message, f"Write one that it does: {', '.join(responses)}.")
        self._response: Json = operation.resolved(responses[status])
        self.criteria = [f"$statusCode == {status}"]
        if code:
            if code not in (self._schema(_CODE) or {}).get("enum", ()):
                raise WrongStep("expect", f"There is no error code {code}.", "Write one of the document.")
            self.criteria.append(f"$response.body#/{'/'.join(_CODE)} == '{code}'")

    def link(self, name: str) -> Json:
        """Return a link of the response.

        Raises:
            WrongStep: it has no link of this name.
        """
        links = self._response.get("links", {})
        if name not in links:
            fix = f"Write one of its links: {', '.join(links) or 'none'}."
            raise WrongStep("follow", f"The response of {self._step} has no link {name}.", fix)
        return dict(self._operation.resolved(links[name]))

    def checked(self, key: str, expression: str) -> str:
        """Return an expression of Arazzo for a part of the response.

        Raises:
            WrongStep: the response does not have this part.
        """
        part = expression.removeprefix("$response.")
        place, _, pointer = part.partition("#")
        if place.startswith("header."):
            found = place.removeprefix("header.").lower() in map(str.lower, self._response.get("headers", {}))
        else:
            found = place == "body" and self._schema(parse_pointer(pointer)) is not None
        if not found:
            raise WrongStep(key, f"The response of {self._step} has no {part}.", "Correct the name.")
        return expression

    def _schema(self, path: Sequence[str]) -> Json | None:
        """Return the schema of a part of the body; None if it does not have this part."""
        content: Json = next(iter(self._response.get("content", {}).values()), {})
        return self._at(content.get("schema", {}), path)

    def _at(self, schema: Any, path: Sequence[str]) -> Json | None:
        schema = self._operation.resolved(schema)
        if not path:
            return dict(schema)
        if re.fullmatch(r"[0-9]+", path[0]) and "items" in schema:
            return self._at(schema["items"], path[1:])
        if path[0] in schema.get("properties", {}):
            return self._at(schema["properties"][path[0]], path[1:])
        inner = (part for kind in ("allOf", "oneOf", "anyOf") for part in schema.get(kind, ()))
        return next((found for part in inner if (found := self._at(part, path)) is not None), None)
