"""Pages of lists, and iterators over all of them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, overload

from charter_client._errors import ListTooLong

T = TypeVar("T")


class _Page(Sequence[T], Generic[T]):
    items: list[T]

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        return self.items[index]


@dataclass(frozen=True)
class Page(_Page[T]):
    """A page of a list; it is itself a sequence of its items.

    Attributes:
        items: of this page.
        offset: how many results come before it.
        limit: how many items a page has at most.
        total: how many results there are, counted up to 10000.
        total_is_exact: false if there are more than were counted.
        has_next: whether there is a page after this one, which an offset reaches.
        next_cursor: the cursor of the next page, beyond every offset; None on the last one, and in a list without.
    """

    items: list[T]
    offset: int
    limit: int
    total: int
    total_is_exact: bool
    has_next: bool
    next_cursor: str | None = None

    def next_offset(self) -> int | None:
        """Return where the next page begins; None after the last one.

        Raises:
            ListTooLong: there is more, which no offset reaches.
        """
        if self.has_next:
            return self.offset + self.limit
        if not self.total_is_exact:
            raise ListTooLong(f"This list has more than {self.total} results: use filters to read the rest.")
        return None


@dataclass(frozen=True)
class CursorPage(_Page[T]):
    """A page of a list, newest first; it is itself a sequence of its items.

    Attributes:
        items: of this page.
        limit: how many items a page has at most.
        next_cursor: the cursor of the next page; None on the last one.
    """

    items: list[T]
    limit: int
    next_cursor: str | None


def read_page(decode: Callable[[Mapping[str, Any]], T], data: Any, meta: Mapping[str, Any]) -> Page[T]:
    """Make a page from a response."""
    about = meta["pagination"]
    facts = (about["offset"], about["limit"], about["total"], about["total_is_exact"], about["next"] is not None)
    return Page([decode(item) for item in data], *facts, about.get("next_cursor"))


def read_cursor_page(decode: Callable[[Mapping[str, Any]], T], data: Any, meta: Mapping[str, Any]) -> CursorPage[T]:
    """Make a page from a response."""
    about = meta["pagination"]
    return CursorPage([decode(item) for item in data], about["limit"], about["next_cursor"])


def iterate(fetch: Callable[[int | None], Page[T]], offset: int | None) -> Iterator[T]:
    """Yield the items of all pages, and fetch each page when it is needed."""
    page = fetch(offset)
    yield from page
    while (following := page.next_offset()) is not None:
        page = fetch(following)
        yield from page


async def aiterate(fetch: Callable[[int | None], Awaitable[Page[T]]], offset: int | None) -> AsyncIterator[T]:
    """Yield the items of all pages, and fetch each page when it is needed."""
    page = await fetch(offset)
    for item in page:
        yield item
    while (following := page.next_offset()) is not None:
        page = await fetch(following)
        for item in page:
            yield item


def iterate_both(fetch: Callable[[int | None, str | None], Page[T]], offset: int | None) -> Iterator[T]:
    """Yield the items of all pages: the first one is found by offset, the others by cursor, so none is read twice.

    A server with an earlier version of the document gives no cursor: there all pages are found by offset.
    """
    page = fetch(offset, None)
    yield from page
    while page.next_cursor is None and (following := page.next_offset()) is not None:
        page = fetch(following, None)
        yield from page
    while page.next_cursor is not None:
        page = fetch(None, page.next_cursor)
        yield from page


async def aiterate_both(
    fetch: Callable[[int | None, str | None], Awaitable[Page[T]]], offset: int | None
) -> AsyncIterator[T]:
    """Yield the items of all pages, as `iterate_both`."""
    page = await fetch(offset, None)
    for item in page:
        yield item
    while page.next_cursor is None and (following := page.next_offset()) is not None:
        page = await fetch(following, None)
        for item in page:
            yield item
    while page.next_cursor is not None:
        page = await fetch(None, page.next_cursor)
        for item in page:
            yield item


def iterate_cursor(fetch: Callable[[str | None], CursorPage[T]], cursor: str | None) -> Iterator[T]:
    """Yield the items of all pages, and fetch each page when it is needed."""
    page = fetch(cursor)
    yield from page
    while page.next_cursor is not None:
        page = fetch(page.next_cursor)
        yield from page


async def aiterate_cursor(
    fetch: Callable[[str | None], Awaitable[CursorPage[T]]], cursor: str | None
) -> AsyncIterator[T]:
    """Yield the items of all pages, and fetch each page when it is needed."""
    page = await fetch(cursor)
    for item in page:
        yield item
    while page.next_cursor is not None:
        page = await fetch(page.next_cursor)
        for item in page:
            yield item
