"""Pages of lists: some rows of a query, and how many it has in all."""

from typing import TypeVar

from peewee import SQL, Model, ModelSelect, Select, fn

from app.database.model_queries import fetch, fetch_value
from app.results import MAX_COUNTED, Listing, Page

M = TypeVar("M", bound=Model)


def page_of(query: "ModelSelect[M]", page: Page) -> Listing:
    """Return a page of the rows of a query.

    Counting ends at MAX_COUNTED, which keeps the cost of a long list small.

    Args:
        query: a select of a model, in the order of the list, without OFFSET and LIMIT. Of a model that is selected as a
            whole, the items are instances.
        page: what the request asks for.

    Raises:
        Unavailable, peewee.DatabaseError: as `fetch`.
    """
    rows = fetch(query.offset(page.offset).limit(page.limit))
    some = query.order_by().select(SQL("1")).limit(MAX_COUNTED + 1)
    counted = fetch_value(Select([some], [fn.count(SQL("*"))]))
    return Listing(rows, min(counted, MAX_COUNTED), counted <= MAX_COUNTED)
