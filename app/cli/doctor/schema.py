"""The migrations: all run, none from a newer release, and nothing changed by hand."""

from collections.abc import Iterator

import models
from app.cli.doctor.findings import Verdict, counted, failed, ok, warning
from app.cli.doctor.patient import Patient
from app.database import migrator
from app.database.binding import bound
from app.database.drift import drift
from app.database.migrator import MIGRATIONS

_MOST_TOLD = 5
_ONLY_THERE = "only in the database: "


def applied(patient: Patient) -> Iterator[Verdict]:
    """Every migration of this code has been run."""
    behind = migrator.pending(bound())
    if not behind:
        yield ok(f"all {len(migrator.status(bound()))} have been run")
        return
    patient.missing["schema"] = "migrations are still to run"
    tell = failed if patient.in_production else warning
    yield tell(f"{counted(len(behind), 'migration')} still to run: {', '.join(behind)}", "charter db migrate")


def known(patient: Patient) -> Iterator[Verdict]:
    """Every migration of the database is one of this code."""
    ours = {path.stem for path in MIGRATIONS.glob("*.py")}
    unknown = [name for name, _ in migrator.status(bound()) if name not in ours]
    if unknown:
        patient.missing["schema"] = "the database is newer than this code"
        yield failed(
            f"a newer release has migrated the database: {', '.join(unknown)}",
            "run that release, or have it roll back first: charter db rollback",
        )
    else:
        yield ok("none from a newer release")


def drift_of_models(_: Patient) -> Iterator[Verdict]:
    """Tables, columns, indexes and constraints are those of the models; compared in a transaction that is undone."""
    lines = drift(bound(), [getattr(models, name) for name in models.__all__])
    if not lines:
        yield ok("the tables are those of the models")
        return
    more = f"; and {len(lines) - _MOST_TOLD} more" * (len(lines) > _MOST_TOLD)
    # What is there in addition does no harm by itself; what is missing does.
    tell = warning if all(line.startswith(_ONLY_THERE) for line in lines) else failed
    yield tell("; ".join(lines[:_MOST_TOLD]) + more, "undo what was changed by hand, or write a migration for it")
