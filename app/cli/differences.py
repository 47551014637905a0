"""What a start in development says about the database: migrations that have not run, and tables unlike the models."""

import threading

import peewee

from app.cli.migrating import describe_missing
from app.cli.printing import printable
from app.cli.stopping import print_line
from app.database import connection
from app.database.binding import current_database
from app.database.drift import drift
from app.database.tables import all_models
from app.errors import Unavailable

_MAX_SHOWN = 3
# The first requests need not share the processor with it.
_SOON_SECONDS = 2.0
# Only a start in development warns, and the command needs to be told which database is meant.
_MIGRATE = "run CHARTER_ENV=development charter db migrate (in a project: make migrate)"


def report_differences_soon() -> None:
    """Report the differences on a thread of its own, a little later."""
    timer = threading.Timer(_SOON_SECONDS, report_differences)
    timer.name, timer.daemon = "differences", True
    timer.start()


def report_differences() -> None:
    """Print a warning if a migration of Charter or of the project is missing, or if its tables and models differ.

    A database that cannot be asked is no reason to warn.
    """
    try:
        with connection():
            behind = describe_missing(current_database())
        lines = [] if behind else drift(current_database(), all_models())
    except (peewee.PeeweeException, Unavailable):
        return
    if behind:
        print_line(f"charter: warning: {behind}: {_MIGRATE}", err=True)
    if lines:
        more = f"; and {len(lines) - _MAX_SHOWN} more" if len(lines) > _MAX_SHOWN else ""
        shown = printable("; ".join(lines[:_MAX_SHOWN]))
        print_line(
            f"charter: warning: the tables and the models differ: {shown}{more}: write a migration, then {_MIGRATE}",
            err=True,
        )
