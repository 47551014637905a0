"""What handlers take and return besides plain values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from uuid import UUID

MAX_COUNTED = 10_000
"""A list counts this many rows exactly; beyond, `total` stays at this number and `total_is_exact` is false."""


class Position(NamedTuple):
    """Where a row is in the order of its list, whether or not the row is still there.

    Attributes:
        key: the value that the list is sorted by, in a text form that the service chooses; at most 700 bytes.
        id: decides between rows with equal values.
    """

    key: str
    id: UUID


@dataclass(frozen=True, slots=True)
class Page:
    """A request for one page of an offset list.

    Attributes:
        offset: rows to skip, 0 to 10 000.
        limit: rows to return, 1 to 100.
        sort: a field name, with a dash in front for descending.
        after: return rows behind this position only; None: begin with the first row. Always None unless the list can
            also be read by cursor (`x-paginated: [offset, cursor]`); the offset is 0 if it is not None.
    """

    offset: int
    limit: int
    sort: str
    after: Position | None = None


@dataclass(frozen=True, slots=True)
class CursorPage:
    """A request for one page of a cursor list, which is ordered by id, newest first.

    Attributes:
        after: return rows whose ids are lower than this one; None: begin at the newest.
        limit: rows to return, 1 to 100.
    """

    after: UUID | None
    limit: int


@dataclass(frozen=True, slots=True)
class Result:
    """A value, and what goes into the headers.

    Attributes:
        data: JSON-ready.
        version: becomes the ETag; differs between any two states of the data that a path has ever shown.
        location: path of the created resource, sent with 201.
        status: only where the operation documents more than one status that a handler may choose.
    """

    data: Any
    version: int | str | None = None
    location: str | None = None
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of an offset list.

    Attributes:
        total: the number of all rows, up to MAX_COUNTED, however the page was asked for.
        next: position of the last row of this page, if there are more rows; None on the last page, and in a list that
            cannot be read by cursor.
    """

    items: Sequence[Any]
    total: int
    total_is_exact: bool
    next: Position | None = None

    def map(self, present: Callable[[Any], Any]) -> "Listing":
        """Return the same page with what `present` makes of each item."""
        return replace(self, items=[present(item) for item in self.items])


@dataclass(frozen=True, slots=True)
class CursorListing:
    """A page of a cursor list.

    Attributes:
        next: id of the last row of this page, if there are more rows; None on the last page.
    """

    items: Sequence[Any]
    next: UUID | None

    def map(self, present: Callable[[Any], Any]) -> "CursorListing":
        """Return the same page with what `present` makes of each item."""
        return replace(self, items=[present(item) for item in self.items])


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a write will return, worked out before it is made: one statement then makes it, together with its event.

    Attributes:
        data: what the response shows if the write is made.
        actor_id: the account whose write it is, for the event.
        values: what the statement must know of this one, by name.
        make_all: makes several writes by one statement in autocommit; returns for each whether it is known to be made.
            It gets the name of the events, and for each its values, and `now`, `event_id`, `request_id`, `client_id`,
            `address` and `user_agent` of its event.
    """

    data: Any
    actor_id: UUID
    values: Mapping[str, Any]
    make_all: Callable[[str, Sequence[Mapping[str, Any]]], Sequence[bool]]

    def showing(self, data: Any) -> "Proposal":
        """Return the same proposal with other data."""
        return replace(self, data=data)
