"""What a list shows: its first and last pages, its total, and the row of one thing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.contract_kit.document import Operation
from app.contract_kit.exchange import Response
from app.contract_kit.kit import Kit
from app.contract_kit.prepared import Prepared
from app.contract_kit.values import reason

_PAGE = 100
# What was just made stands at the beginning or the end of most lists.
_FIRST_PAGES, _LAST_PAGES = 5, 2


@dataclass(frozen=True, slots=True)
class Rows:
    """What a list shows.

    Attributes:
        total: how many rows there are; None if the list does not say it, or has not counted them all.
        whole: whether all rows were read.
        response: the last page that was read.
    """

    rows: tuple[Any, ...]
    total: int | None
    whole: bool
    response: Response

    def row(self, parameter: str, value: str) -> Mapping[str, Any] | None:
        """Return the row of the thing that a path parameter names; None if it is not there."""
        words = (parameter, "id", "key", "name", parameter.removesuffix("_id"), parameter.removesuffix("_name"))
        for row in self.rows:
            if isinstance(row, Mapping) and any(str(row[word]) == value for word in words if word in row):
                return row
        return None


def rows_of(kit: Kit, listing: Operation, prepared: Prepared) -> Rows | str:
    """Return what a list shows about the owner of a thing; a text, if it cannot be read: the reason.

    Args:
        prepared: a request about the thing.
    """
    if not set(listing.path_parameters) <= set(prepared.values):
        return f"{listing.name} needs a value that the run does not know"
    query: dict[str, Any] = {"limit": _PAGE} if listing.paginated else {}
    rows: list[Any] = []
    for number in range(_FIRST_PAGES):
        page = kit.call(listing, prepared.caller, values=prepared.values, query=query)
        if not page.ok or not isinstance(page.data, list):
            return f"{listing.name} is {reason(page)}"
        rows += page.data
        told = page.meta.get("pagination", {})
        if listing.paginated == "cursor" and told.get("next_cursor"):
            query = {"limit": _PAGE, "cursor": told["next_cursor"]}
        elif listing.paginated == "offset" and told.get("next"):
            query = {"limit": _PAGE, "offset": _PAGE * (number + 1)}
        else:
            return Rows(tuple(rows), _total(told), True, page)
    total = _total(told)
    for number in range(_LAST_PAGES if total is not None else 0):
        assert total is not None
        offset = max(total - _PAGE * (number + 1), 0)
        page = kit.call(listing, prepared.caller, values=prepared.values, query={"limit": _PAGE, "offset": offset})
        rows += page.data if page.ok else ()
    return Rows(tuple(rows), total, False, page)


def _total(pagination: Mapping[str, Any]) -> int | None:
    return pagination.get("total") if pagination.get("total_is_exact", True) else None
