"""The catalogue of errors: every code a client can receive, ordered by status.

Services and pipeline steps raise these errors; only `app.pipeline.envelope` turns them into a response. An internal
cause goes to the log (`__cause__`) or to the audit row (`reason`), never into the message.

A caller catches one error, or the group that it belongs to: `BadRequest`, `AuthenticationError`, `PermissionDenied`,
`Conflict`, `PreconditionError`. Groups are caught and subclassed, not raised: a group has a status but no code, so
making one is a TypeError.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that is wrong with a request.

    Attributes:
        message: what is wrong, for people; it never repeats the value.
        field: a dotted property path, or the name of a parameter or header; None when the whole body is wrong.
    """

    message: str
    field: str | None = None


class AppError(Exception):
    """Any response other than success. Each subclass has defaults for status, code, message and headers.

    Args:
        message: text for people; None: the default of the class.
        status: HTTP status; None: the default of the class.
        details: one entry for each violation; None: one entry with the message.
        code: the code that programs read; None: the default of the class.
        reason: a word for the audit row, never sent to the client; None: the code in lower case.
        headers: response headers that belong to this error, such as Retry-After; they override the defaults.

    Raises:
        TypeError: the status is not 500, and neither the class nor the caller says a code.
    """

    status: int = 500
    code: str = "INTERNAL_ERROR"
    default_message: str = "Something went wrong on our side."
    default_headers: ClassVar[Mapping[str, str]] = {}

    def __init__(
        self,
        message: str | None = None,
        status: int | None = None,
        details: Sequence[Violation] | None = None,
        *,
        code: str | None = None,
        reason: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.message = message or self.default_message
        self.status = status or self.status
        if code is None and self.code == AppError.code and self.status != AppError.status:
            fault = f"{type(self).__name__} with status {self.status} has no code that a client could read."
            raise TypeError(f"{fault} Raise a subclass that has one, or pass code.")
        self.code = code or self.code
        self.details = tuple(details) if details else (Violation(self.message),)
        self.reason = reason or self.code.lower()
        self.headers = {**self.default_headers, **(headers or {})}
        super().__init__(self.message)


class BadRequest(AppError):
    """Group: the request is not valid (400)."""

    status = 400


class ValidationError(BadRequest):
    """A parameter or the body breaks the document or a rule of the service."""

    code = "VALIDATION_ERROR"
    default_message = "The request is not valid."


class MalformedBody(BadRequest):
    """The body is not acceptable JSON (RFC 8259, and stricter: see docs/errors.md)."""

    code = "MALFORMED_BODY"
    default_message = "The body is not valid JSON."


class AuthenticationError(AppError):
    """Group: the caller is not signed in, or signing in failed (401)."""

    status = 401


class Unauthenticated(AuthenticationError):
    """There is no access token, or the Authorization header has none."""

    code = "UNAUTHENTICATED"
    default_message = "Sign in and send the access token as: Authorization: Bearer <token>."


class InvalidToken(AuthenticationError):
    """The access token is forged, damaged or expired."""

    code = "INVALID_TOKEN"
    default_message = "The access token is not valid or has expired. Refresh it or sign in again."


class SessionEnded(AuthenticationError):
    """The token is valid, but its session has ended or its account is suspended."""

    code = "SESSION_ENDED"
    default_message = "This session has ended. Sign in again."


class InvalidCredentials(AuthenticationError):
    """The sign-in failed; the response does not say why."""

    code = "INVALID_CREDENTIALS"
    default_message = "The address or the password is wrong."


class InvalidRefreshToken(AuthenticationError):
    """The refresh failed; the response does not say why."""

    code = "INVALID_REFRESH_TOKEN"
    default_message = "The refresh token is not valid. Sign in again."


class PermissionDenied(AppError):
    """Group: the caller is signed in and may not do this (403)."""

    status = 403


class Forbidden(PermissionDenied):
    """The caller lacks a permission."""

    code = "FORBIDDEN"
    default_message = "You lack a permission for this. Ask an admin for it."


class StepUpRequired(PermissionDenied):
    """The last sign-in is too long ago for this operation."""

    code = "STEP_UP_REQUIRED"
    default_message = "Sign in again to confirm that it is you, then repeat the request."


class NotFound(AppError):
    """The path or the resource does not exist."""

    status = 404
    code = "NOT_FOUND"
    default_message = "No resource has this path or id. Check both."


class MethodNotAllowed(AppError):
    """The path does not support the method."""

    status = 405
    code = "METHOD_NOT_ALLOWED"
    default_message = "This path does not support this method. See the Allow header."


class Conflict(AppError):
    """Group: the request conflicts with the present state (409)."""

    status = 409


class EmailTaken(Conflict):
    """Another account has the email address."""

    code = "EMAIL_TAKEN"
    default_message = "Another account has this address."


class RoleTaken(Conflict):
    """Another role has the name."""

    code = "ROLE_TAKEN"
    default_message = "Another role has this name."


class RoleInUse(Conflict):
    """Accounts still have the role."""

    code = "ROLE_IN_USE"
    default_message = "Accounts still have this role. Give them another one first."


class RoleBuiltIn(Conflict):
    """Built-in roles cannot be changed or deleted."""

    code = "ROLE_BUILT_IN"
    default_message = "The built-in roles cannot be changed or deleted."


class LastAdmin(Conflict):
    """The change would leave no active admin."""

    code = "LAST_ADMIN"
    default_message = "This is the last active admin. Make another account admin first."


class IdempotencyInProgress(Conflict):
    """Another request with the same idempotency key is in progress."""

    code = "IDEMPOTENCY_IN_PROGRESS"
    default_message = "A request with this idempotency key is being worked on. Try again shortly."


class PreconditionError(AppError):
    """Group: the version in If-Match is missing or not the current one (428, 412)."""

    status = 412


class PreconditionFailed(PreconditionError):
    """If-Match does not name the current version."""

    code = "PRECONDITION_FAILED"
    default_message = "The resource has changed since you read it. Read it again and repeat with its new ETag."


class PayloadTooLarge(AppError):
    """The body is over the limit."""

    status = 413
    code = "PAYLOAD_TOO_LARGE"
    default_message = "The body is too large. Send less."


class UriTooLong(AppError):
    """Path and query are over the limit."""

    status = 414
    code = "URI_TOO_LONG"
    default_message = "The path and query are too long. Shorten the query."


class UnsupportedMediaType(AppError):
    """The operation does not accept the media type of the body."""

    status = 415
    code = "UNSUPPORTED_MEDIA_TYPE"
    default_message = "Send the body as JSON, with Content-Type: application/json."


class IdempotencyKeyReused(AppError):
    """The idempotency key was used for a different request."""

    status = 422
    code = "IDEMPOTENCY_KEY_REUSED"
    default_message = "This idempotency key belongs to a different request. Use a new one."


class PreconditionRequired(PreconditionError):
    """The write needs If-Match, and the request has none."""

    status = 428
    code = "PRECONDITION_REQUIRED"
    default_message = "Read the resource first and send its ETag as If-Match."


class RateLimited(AppError):
    """There were too many requests, or too many failed sign-ins."""

    status = 429
    code = "RATE_LIMITED"
    default_message = "Too many requests. Wait as long as Retry-After says."

    @classmethod
    def after(cls, seconds: int, *, reason: str | None = None) -> "RateLimited":
        """Return the error with Retry-After, at least one second."""
        return cls(reason=reason, headers={"Retry-After": str(max(1, seconds))})


class HeadersTooLarge(AppError):
    """The headers are over the limit."""

    status = 431
    code = "HEADERS_TOO_LARGE"
    default_message = "The request headers are too large. Send fewer or shorter headers."


class Internal(AppError):
    """The server has a fault; the log has the cause under the request id."""


class Unavailable(AppError):
    """A dependency is unavailable or too slow; nothing was done, unless the reason is `commit_unknown`."""

    status = 503
    code = "UNAVAILABLE"
    default_message = "The service is not available right now. Try again shortly."
    default_headers: ClassVar[Mapping[str, str]] = {"Retry-After": "1"}
