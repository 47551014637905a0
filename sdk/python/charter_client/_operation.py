"""An operation of the document, and one invocation of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Operation(Generic[T]):
    """What the document says about an operation.

    Attributes:
        name: the operationId.
        decode: makes the result from the data of a response and its meta.
        public: no token is sent.
        has_envelope: responses have data, meta and errors.
        accepts_key: an Idempotency-Key makes the operation safe to repeat.
        values: statuses beside 2xx whose body is a result, too.
        bodiless: a success has no body.
    """

    name: str
    method: str
    path: str
    decode: Callable[[Any, Mapping[str, Any]], T]
    public: bool = False
    has_envelope: bool = True
    accepts_key: bool = False
    values: frozenset[int] = frozenset()
    bodiless: bool = False


@dataclass(frozen=True)
class Invocation(Generic[T]):
    """One call of an operation, encoded; the same for all of its attempts.

    Attributes:
        timeout: seconds; None: as the client has it.
    """

    operation: Operation[T]
    path: str
    query: Mapping[str, str | int | float | bool] = field(default_factory=dict[str, "str | int | float | bool"])
    json: Any = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    timeout: float | None = None

    @property
    def repeatable(self) -> bool:
        """Whether a second attempt can do no harm.

        A refresh can be repeated: within some seconds, the server returns the same tokens for the same refresh token.
        """
        return (
            self.operation.method in ("GET", "HEAD")
            or "Idempotency-Key" in self.headers
            or self.operation.name == "refresh"
        )


def refresh_operation(path: str) -> Operation[Any]:
    """Return the operation that exchanges a refresh token, which has this path."""
    return Operation[Any]("refresh", "POST", path, lambda data, _: data, public=True)
