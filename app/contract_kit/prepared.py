"""A request that should succeed, before it is sent."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from app.contract_kit.document import Operation
from app.contract_kit.exchange import Response
from app.contract_kit.person import Person


@dataclass
class Prepared:
    """A request that should succeed, before it is sent.

    Attributes:
        values: of the path parameters.
        holder: whose things it is about.
        caller: who is to send it, in which session.
        shared: whether it is about something that the run has not made.
        guessed: the values that only an example names, by parameter or property.
        afterwards: called with a successful response.
    """

    operation: Operation
    values: dict[str, Any]
    holder: Person
    caller: Person | None
    query: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    shared: bool = False
    guessed: dict[str, str] = field(default_factory=dict)
    afterwards: Callable[[Response], object] = id


def cache_tags(reads: Iterable[Prepared]) -> list[str]:
    """Return the tags of what a server may have stored for these reads."""
    found = set()
    for prepared in reads:
        for tag in (prepared.operation.cache or {}).get("tags", ()):
            made = tag
            for name, value in prepared.values.items():
                made = made.replace(f"{{{name}}}", str(value))
            found.add(made)
    return sorted(found)
