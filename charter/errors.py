"""The errors that services raise. A service may catch one of them, or the group that it belongs to.

`app/errors.py` has the catalogue, with the status, code and message of each. An error of your own is declared in
errors.yaml beside the document, and raised by its code: `raise errors.declared("PROJECT_ARCHIVED")`.
"""

from app.declared_errors import DeclaredError
from app.errors import (
    AppError,
    AuthenticationError,
    BadRequest,
    Conflict,
    EmailTaken,
    Forbidden,
    HeadersTooLarge,
    IdempotencyInProgress,
    IdempotencyKeyReused,
    Internal,
    InvalidCredentials,
    InvalidRefreshToken,
    InvalidToken,
    LastAdmin,
    MalformedBody,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    PermissionDenied,
    PreconditionError,
    PreconditionFailed,
    PreconditionRequired,
    RateLimited,
    RoleBuiltIn,
    RoleInUse,
    RoleTaken,
    SessionEnded,
    StepUpRequired,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
    UriTooLong,
    ValidationError,
    Violation,
)

__all__ = [
    "AppError",
    "AuthenticationError",
    "BadRequest",
    "Conflict",
    "DeclaredError",
    "EmailTaken",
    "Forbidden",
    "HeadersTooLarge",
    "IdempotencyInProgress",
    "IdempotencyKeyReused",
    "Internal",
    "InvalidCredentials",
    "InvalidRefreshToken",
    "InvalidToken",
    "LastAdmin",
    "MalformedBody",
    "MethodNotAllowed",
    "NotFound",
    "PayloadTooLarge",
    "PermissionDenied",
    "PreconditionError",
    "PreconditionFailed",
    "PreconditionRequired",
    "RateLimited",
    "RoleBuiltIn",
    "RoleInUse",
    "RoleTaken",
    "SessionEnded",
    "StepUpRequired",
    "Unauthenticated",
    "Unavailable",
    "UnsupportedMediaType",
    "UriTooLong",
    "ValidationError",
    "Violation",
    "declared",
]

declared = DeclaredError
"""Makes the error of a code that errors.yaml declares; its status and message come from there."""

# What authors see in messages and in help() is the name that they import.
for _name in __all__:
    globals()[_name].__module__ = __name__
