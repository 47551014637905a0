"""Errors that errors.yaml declares and that have no class: a service raises the code, the pipeline adds the rest."""

from collections.abc import Mapping
from typing import NamedTuple

from app.errors import AppError, Internal, Violation


class Declaration(NamedTuple):
    """What errors.yaml says about a code.

    Attributes:
        status: of the response.
        message: for people, if the service gives no other.
        description: what happened, a sentence for the document.
    """

    status: int
    message: str
    description: str


class DeclaredError(AppError):
    """An error of errors.yaml. Until the pipeline looks up its code, it has neither status nor message.

    Args:
        code: a code of errors.yaml.
        message: text for people; None: the message of errors.yaml.
        field: the property, parameter or header that is wrong; None: nothing in particular.
        reason: a word for the audit row; None: the code in lower case.
    """

    def __init__(
        self, code: str, message: str | None = None, *, field: str | None = None, reason: str | None = None
    ) -> None:
        super().__init__(message or code, code=code, reason=reason)
        self._given, self._field = message, field

    def complete(self, declarations: Mapping[str, Declaration]) -> None:
        """Set the status and the message.

        Args:
            declarations: by code.

        Raises:
            Internal: errors.yaml does not have the code.
        """
        if (found := declarations.get(self.code)) is None:
            message = f"errors.yaml does not have the code {self.code}."
            raise Internal(reason="undeclared_error") from LookupError(message)
        self.status, self.message = found.status, self._given or found.message
        self.details = (Violation(self.message, self._field),)
        self.args = (self.message,)
