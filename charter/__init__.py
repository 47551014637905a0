"""What authors of handlers and services import: the public API, under semantic versioning.

Everything else under `app` is private to Charter and may change with any release.

- A handler has one parameter for each parameter of the operation, and `body` if there is a body. It may also have
  `context` (Context), `page` (Page, CursorPage), `principal` (Principal), `dependencies` (Dependencies) or `probes`. A
  read may have `target_user` in place of `user_id`: the account, which is read together with those of other requests.
  A handler calls one service and returns JSON-ready data, a Result with an ETag or a location, a Listing or a
  CursorListing.
- A service function that acts for somebody takes the Context first: the actor, the client, the Dependencies, the Event
  to fill in and the Versions that `If-Match` expects. It returns models and raises `errors`.
- Queries: `fetch`, `fetch_one`, `fetch_tuples`, `fetch_value` and `execute` run queries of the models, `run` runs SQL
  text. A write belongs in a `transaction()`, which the pipeline commits with the event of the request, or rolls back.
  `execute_in_autocommit` is for a write that stays although the request fails. Outside a `transaction()` the SQL text
  that `run` gets is committed alone.
- `check_if_match` compares `If-Match` with the current ETag. `sql_now` is the present time in a query of the models.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from charter._public import *  # noqa: F403  # its __all__ has the names
    from charter._public import __all__ as __all__
else:

    def __getattr__(name):
        """Import the API when one of its names is needed: the import is slow, and the command begins without it."""
        if name.startswith("_") and name != "__all__":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        # While it is being imported it has no names yet; what is missing is then looked for among the sub-modules.
        public = import_module(f"{__name__}._public")
        if name not in (*public.__all__, "__all__"):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = getattr(public, name)
        return globals()[name]

    def __dir__():
        return sorted({*globals(), *import_module(f"{__name__}._public").__all__})
