"""The catalogue of errors: every code a client can meet, ordered by status.

Services and steps raise these; `app.pipeline.envelope` alone turns them into bytes. A cause that is nobody's
business but ours goes to the log (`__cause__`) or to the audit row (`reason`), never into the message.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing wrong with a request.

    Attributes:
        message: what is wrong, for people; never repeats the value.
        field: dotted property path, or a parameter's or header's name; None for a fault of the whole body.
    """

    message: str
    field: str | None = None


class AppError(Exception):
    """An answer other than success.

    Args:
        message: text for people; the class has a default.
        details: one entry for each violation; None: a single entry made of the message.
        reason: a word for the audit row, never sent to the client.
        headers: response headers that belong to this refusal, such as Retry-After.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "INTERNAL_ERROR"
    default_message: ClassVar[str] = "Something went wrong on our side."

    def __init__(
        self,
        message: str | None = None,
        *,
        details: Sequence[Violation] | None = None,
        reason: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.message = message or self.default_message
        self.details = tuple(details) if details else (Violation(self.message),)
        self.reason = reason or self.code.lower()
        self.headers = dict(headers) if headers else {}
        super().__init__(self.message)


class ValidationError(AppError):
    """Parameters or a body that break the document or a rule of the accounts."""

    status = 400
    code = "VALIDATION_ERROR"
    default_message = "The request is not valid."


class MalformedBody(AppError):
    """A body that is not JSON text we accept (RFC 8259, and stricter: see docs/errors.md)."""

    status = 400
    code = "MALFORMED_BODY"
    default_message = "The body is not valid JSON."


class Unauthenticated(AppError):
    """No token, or an Authorization header that carries none."""

    status = 401
    code = "UNAUTHENTICATED"
    default_message = "Sign in and send the access token as: Authorization: Bearer <token>."


class InvalidToken(AppError):
    """An access token that is forged, damaged or expired."""

    status = 401
    code = "INVALID_TOKEN"
    default_message = "The access token is not valid or has expired. Refresh it or sign in again."


class SessionEnded(AppError):
    """A good token of a session that has ended, or of an account that is suspended."""

    status = 401
    code = "SESSION_ENDED"
    default_message = "This session has ended. Sign in again."


class InvalidCredentials(AppError):
    """A refused sign-in, whatever the cause."""

    status = 401
    code = "INVALID_CREDENTIALS"
    default_message = "The address or the password is not right."


class InvalidRefreshToken(AppError):
    """A refused refresh, whatever the cause."""

    status = 401
    code = "INVALID_REFRESH_TOKEN"
    default_message = "The refresh token is not valid. Sign in again."


class Forbidden(AppError):
    """A caller without the right."""

    status = 403
    code = "FORBIDDEN"
    default_message = "You are not allowed to do this."


class StepUpRequired(AppError):
    """A sign-in too long ago for this operation."""

    status = 403
    code = "STEP_UP_REQUIRED"
    default_message = "Sign in again to confirm that it is you, then repeat the request."


class NotFound(AppError):
    """A path or a thing that does not exist."""

    status = 404
    code = "NOT_FOUND"
    default_message = "There is nothing here."


class MethodNotAllowed(AppError):
    """A method the path does not know."""

    status = 405
    code = "METHOD_NOT_ALLOWED"
    default_message = "This path does not know this method; see the Allow header."


class EmailTaken(AppError):
    """An address that belongs to another account."""

    status = 409
    code = "EMAIL_TAKEN"
    default_message = "Another account has this address."


class RoleTaken(AppError):
    """A role name in use."""

    status = 409
    code = "ROLE_TAKEN"
    default_message = "Another role has this name."


class RoleInUse(AppError):
    """A role that accounts still have."""

    status = 409
    code = "ROLE_IN_USE"
    default_message = "Accounts still have this role. Give them another one first."


class RoleBuiltIn(AppError):
    """A change to a built-in role."""

    status = 409
    code = "ROLE_BUILT_IN"
    default_message = "The built-in roles cannot be changed or deleted."


class LastAdmin(AppError):
    """A change that would leave nobody in charge."""

    status = 409
    code = "LAST_ADMIN"
    default_message = "This is the last active admin. Make another account admin first."


class IdempotencyInProgress(AppError):
    """A twin of this request is being worked on."""

    status = 409
    code = "IDEMPOTENCY_IN_PROGRESS"
    default_message = "A request with this idempotency key is being worked on. Try again shortly."


class PreconditionFailed(AppError):
    """A version other than the one the caller saw."""

    status = 412
    code = "PRECONDITION_FAILED"
    default_message = "The resource has changed since you read it. Read it again and repeat with its new ETag."


class PayloadTooLarge(AppError):
    """A body over the limit."""

    status = 413
    code = "PAYLOAD_TOO_LARGE"
    default_message = "The body is too large."


class UriTooLong(AppError):
    """A request target over the limit."""

    status = 414
    code = "URI_TOO_LONG"
    default_message = "The path and query are too long."


class UnsupportedMediaType(AppError):
    """A body in a form the operation does not read."""

    status = 415
    code = "UNSUPPORTED_MEDIA_TYPE"
    default_message = "Send the body as JSON, with Content-Type: application/json."


class IdempotencyKeyReused(AppError):
    """One idempotency key for two different requests."""

    status = 422
    code = "IDEMPOTENCY_KEY_REUSED"
    default_message = "This idempotency key belongs to a different request. Use a new one."


class PreconditionRequired(AppError):
    """A write that must say which version it replaces."""

    status = 428
    code = "PRECONDITION_REQUIRED"
    default_message = "Read the resource first and send its ETag as If-Match."


class RateLimited(AppError):
    """Too many requests, or too many failed sign-ins."""

    status = 429
    code = "RATE_LIMITED"
    default_message = "Too many requests. Wait as long as Retry-After says."

    @classmethod
    def after(cls, seconds: int, *, reason: str | None = None) -> "RateLimited":
        """Return the refusal with its Retry-After, at least one second."""
        return cls(reason=reason, headers={"Retry-After": str(max(1, seconds))})


class HeadersTooLarge(AppError):
    """Headers over the limit."""

    status = 431
    code = "HEADERS_TOO_LARGE"
    default_message = "The request headers are too large."


class Internal(AppError):
    """Our own fault; the log has the cause under the request id."""


class Unavailable(AppError):
    """Something we need is away, or it took too long; nothing was done, unless the reason is `commit_unknown`."""

    status = 503
    code = "UNAVAILABLE"
    default_message = "The service is not available right now. Try again shortly."

    def __init__(
        self,
        message: str | None = None,
        *,
        details: Sequence[Violation] | None = None,
        reason: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, details=details, reason=reason, headers={"Retry-After": "1", **(headers or {})})
