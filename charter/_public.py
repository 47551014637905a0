"""The names of the public API, and where each comes from. `charter` imports this module when a name is first used."""

from app.clock import rfc3339, sql_now
from app.context.account_hooks import AccountEvent, on
from app.context.chores import chore
from app.context.context import Context
from app.context.dependencies import Dependencies
from app.context.event import Event
from app.context.invalidations import invalidate
from app.context.terminal import Terminal
from app.database import (
    execute,
    execute_in_autocommit,
    fetch,
    fetch_one,
    fetch_tuples,
    fetch_value,
    page_of,
    run,
    transaction,
)
from app.entity_tags import Versions, check_if_match
from app.results import MAX_COUNTED, CursorListing, CursorPage, Listing, Page, Position, Result
from app.security.actors import Actor, Principal
from app.security.client_address import Client
from charter import errors

__all__ = [
    "MAX_COUNTED",
    "AccountEvent",
    "Actor",
    "Client",
    "Context",
    "CursorListing",
    "CursorPage",
    "Dependencies",
    "Event",
    "Listing",
    "Page",
    "Position",
    "Principal",
    "Result",
    "Terminal",
    "Versions",
    "check_if_match",
    "chore",
    "errors",
    "execute",
    "execute_in_autocommit",
    "fetch",
    "fetch_one",
    "fetch_tuples",
    "fetch_value",
    "invalidate",
    "on",
    "page_of",
    "rfc3339",
    "run",
    "sql_now",
    "transaction",
]

# What authors see in messages and in help() is the name that they import.
for _name in __all__:
    if isinstance(globals()[_name], type):
        globals()[_name].__module__ = "charter"
