"""Pages of a list that is in memory."""

from collections.abc import Sequence
from typing import Any

from charter import MAX_COUNTED, Listing, Page


def page_of(rows: Sequence[Any], page: Page) -> Listing:
    """Return one page of sorted rows."""
    shown = rows[page.offset : page.offset + page.limit]
    return Listing(shown, min(len(rows), MAX_COUNTED), len(rows) <= MAX_COUNTED)
