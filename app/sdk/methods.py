"""What the methods of both languages are made of in the same way."""

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar


class Paired(Protocol):
    """What a method says about reading and writing a resource."""

    @property
    def verb(self) -> str:
        """The HTTP method."""

    @property
    def path(self) -> str:
        """The path with its parameters."""

    @property
    def result(self) -> str:
        """The type of the result."""

    @property
    def conditional(self) -> bool:
        """Whether it takes If-None-Match."""

    @property
    def if_match(self) -> str | None:
        """None, accepted or required."""

    @property
    def takes_body(self) -> bool:
        """Whether it sends a body."""


M = TypeVar("M", bound=Paired)


def read_and_write(methods: Sequence[M]) -> tuple[M, M] | None:
    """Return the two methods of a tag that read a resource and write it with If-Match; None if it has none."""
    for write in methods:
        if write.if_match and write.verb in ("PUT", "PATCH") and write.takes_body:
            for read in methods:
                if read.conditional and (read.path, read.result) == (write.path, write.result):
                    return read, write
    return None


def removal_date(operation: dict[str, Any]) -> str | None:
    """Return when an operation may be removed; None if its `x-sunset` has no date."""
    sunset = operation.get("x-sunset")
    date: str | None = sunset.get("on") if isinstance(sunset, dict) else sunset
    return date
