"""Pages of a list that is in memory."""

from collections.abc import Callable, Sequence
from typing import Any

from charter import MAX_COUNTED, Listing, Page, Position


def page_of(
    rows: Sequence[Any], page: Page, position: Callable[[Any], Position] | None = None, *, descending: bool = False
) -> Listing:
    """Return one page of sorted rows.

    Args:
        position: of a row, for a list that can also be read by cursor; the rows are sorted by it.
        descending: whether the rows with the highest positions come first.
    """
    shown = rows[page.offset :]
    if page.after is not None and position is not None:
        after = page.after
        shown = [row for row in shown if (position(row) < after if descending else position(row) > after)]
    more = len(shown) > page.limit
    shown = shown[: page.limit]
    following = position(shown[-1]) if position is not None and more else None
    return Listing(shown, min(len(rows), MAX_COUNTED), len(rows) <= MAX_COUNTED, following)
