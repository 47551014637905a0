"""What authors of handlers and services import: the public API, under semantic versioning.

Everything else under `app` is private to Charter and may change with any release.
"""

from app import errors
from app.context.context import Context
from app.context.dependencies import Dependencies
from app.context.event import Event
from app.database import execute, fetch, fetch_one, fetch_tuples, fetch_value, run, transaction
from app.entity_tags import Versions
from app.results import CursorListing, CursorPage, Listing, Page, Result
from app.security.principal import Actor, Client, Principal

__all__ = [
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
    "errors",
    "execute",
    "fetch",
    "fetch_one",
    "fetch_tuples",
    "fetch_value",
    "run",
    "transaction",
]
