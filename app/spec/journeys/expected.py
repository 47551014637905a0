"""What the document says of the response that a step expects."""

from typing import Any

from app.spec.operation import Operation
from app.spec.parts import body_schema, has_part, schema_at

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
            known = schema_at(operation.document.bundle, body_schema(self._response), _CODE) or {}
            if code not in known.get("enum", ()):
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
        if not has_part(self._operation.document.bundle, self._response, expression):
            part = expression.removeprefix("$response.")
            raise WrongStep(key, f"The response of {self._step} has no {part}.", "Correct the name.")
        return expression
