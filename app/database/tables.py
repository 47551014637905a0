"""The tables that this process knows by their models: Charter's, and those of the project that it serves."""

import re

from peewee import Model

import models
from app.database.binding import current_database, is_bound

CHARTER_MODELS: tuple[type[Model], ...] = tuple(getattr(models, name) for name in models.__all__)
PREFIX = "charter_"
"""What the name of every further table of Charter begins with, so that a project may choose any other name."""

_ALSO_OURS = re.compile(r"migratehistory|audit_trail|audit_events(_.*)?")


def all_models() -> tuple[type[Model], ...]:
    """Return Charter's models, and those of the project."""
    return CHARTER_MODELS + (current_database().project_models if is_bound() else ())


def has_project_tables() -> bool:
    """Return whether this process serves a project with tables."""
    return len(all_models()) > len(CHARTER_MODELS)


def table_of(model: type[Model]) -> str:
    """Return the name of a model's table."""
    return str(model._meta.table_name)  # noqa: SLF001  # Peewee's public name


def is_charters(table: str) -> bool:
    """Return whether a table is Charter's, or has a name that Charter may give to a later one."""
    return table.startswith(PREFIX) or table in _TABLES or _ALSO_OURS.fullmatch(table) is not None


_TABLES = frozenset(map(table_of, CHARTER_MODELS))
