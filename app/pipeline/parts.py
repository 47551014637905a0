"""What the steps of one operation are made from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from app.cache.limiter import Limiter
from app.context.dependencies import Dependencies
from app.pipeline.context import RequestContext, Response
from app.security.cursors import Cursors
from app.spec.policy import Policy

Step = Callable[[RequestContext], Response | None]


class ReadsParameters(Protocol):
    """Coerces and validates path, query and header parameters."""

    @property
    def from_headers(self) -> frozenset[str]:
        """Return the names of the arguments that come from headers."""

    def read(self, path_values: dict[str, str], query_string: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
        """Return the arguments, or raise ValidationError with every violation."""


class ReadsBody(Protocol):
    """Parses and validates a body."""

    def __call__(self, raw: bytes) -> Any:
        """Return the document (None where an optional body is absent), or raise MalformedBody or ValidationError."""


class Responds(Protocol):
    """Renders what a handler returned, after checking it against the document."""

    def __call__(self, context: RequestContext, result: Any) -> Response:
        """Return the answer, or raise Internal for a value that the document does not describe."""


@dataclass(frozen=True, slots=True)
class Parts:
    """One operation, ready to be compiled.

    Attributes:
        handler: takes a call, returns what the handler function returned for it.
        recheck: raises Internal for a kept answer that the document does not describe.
        audit_client_key: keys the identifiers of audit clients.
        check_rights: False only in the bench document, whose one operation stops at the token's signature.
    """

    policy: Policy
    parameters: ReadsParameters
    body: ReadsBody | None
    handler: Callable[[RequestContext], Any]
    respond: Responds
    recheck: Callable[[Response], None]
    limiter: Limiter
    dependencies: Dependencies
    audit_client_key: bytes
    cursors: Cursors
    check_rights: bool = True
