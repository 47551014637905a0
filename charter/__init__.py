"""What authors of handlers and services import: the public API, under semantic versioning.

Everything else under `app` is private to Charter and may change with any release.

- A handler has one parameter for each parameter of the operation, and `body` if there is a body. It may also have
  `context` (Context), `page` (Page, CursorPage), `principal` (Principal), `dependencies` (Dependencies) or `probes`. It
  calls one service and returns JSON-ready data, a Result with an ETag or a location, a Listing or a CursorListing.
- A service function that acts for somebody takes the Context first: the actor, the client, the Dependencies, the Event
  to fill in and the Versions that `If-Match` expects. It returns models and raises `errors`.
- Queries: `fetch`, `fetch_one`, `fetch_tuples`, `fetch_value` and `execute` run queries of the models, `run` runs SQL
  text. A write belongs in a `transaction()`, which the pipeline commits with the event of the request, or rolls back.
  `execute_in_autocommit` is for a write that stays although the request fails. Outside a `transaction()` the SQL text
  that `run` gets is committed alone.
- `check_if_match` compares `If-Match` with the current ETag. `sql_now` is the present time in a query of the models.
"""

from app.clock import sql_now
from app.context.context import Context
from app.context.dependencies import Dependencies
from app.context.event import Event
from app.database import (
    execute,
    execute_in_autocommit,
    fetch,
    fetch_one,
    fetch_tuples,
    fetch_value,
    run,
    transaction,
)
from app.entity_tags import Versions, check_if_match
from app.results import MAX_COUNTED, CursorListing, CursorPage, Listing, Page, Result
from app.security.actors import Actor, Principal
from app.security.client_address import Client
from charter import errors

__all__ = [
    "MAX_COUNTED",
    "Actor",
    "Client",
    "Context",
    "CursorListing",
    "CursorPage",
    "Dependencies",
    "Event",
    "Listing",
    "Page",
    "Principal",
    "Result",
    "Versions",
    "check_if_match",
    "errors",
    "execute",
    "execute_in_autocommit",
    "fetch",
    "fetch_one",
    "fetch_tuples",
    "fetch_value",
    "run",
    "sql_now",
    "transaction",
]
