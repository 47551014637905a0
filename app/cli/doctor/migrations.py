"""The migrations: all run, none from a newer release, nothing changed by hand, and the built-in roles in line."""

from collections.abc import Iterator

import models
from app.cli.doctor.deployment import Deployment
from app.cli.doctor.findings import Verdict, counted, failed, ok, skipped, warning
from app.cli.migrating import role_differences
from app.database import migrator
from app.database.binding import current_database
from app.database.drift import drift
from app.database.migrator import MIGRATIONS
from app.spec.document import DocumentError

_MAX_TOLD = 5
_ONLY_THERE = "only in the database: "


def applied(deployment: Deployment) -> Iterator[Verdict]:
    """Every migration of this code has been run."""
    behind = migrator.pending(current_database())
    if not behind:
        yield ok(f"all {len(migrator.status(current_database()))} have been run")
        return
    deployment.missing["schema"] = "migrations are still to run"
    yield failed(f"{counted(len(behind), 'migration')} still to run: {', '.join(behind)}", "charter db migrate")


def known(deployment: Deployment) -> Iterator[Verdict]:
    """Every migration of the database is one of this code."""
    ours = {path.stem for path in MIGRATIONS.glob("*.py")}
    unknown = [name for name, _ in migrator.status(current_database()) if name not in ours]
    if unknown:
        deployment.missing["schema"] = "the database is newer than this code"
        yield failed(
            f"a newer release has migrated the database: {', '.join(unknown)}",
            "run that release, or have it roll back first: charter db rollback",
        )
    else:
        yield ok("none from a newer release")


def drift_of_models(_: Deployment) -> Iterator[Verdict]:
    """Tables, columns, indexes and constraints are those of the models; compared in a transaction that is undone."""
    lines = drift(current_database(), [getattr(models, name) for name in models.__all__])
    if not lines:
        yield ok("the tables are those of the models")
        return
    more = f"; and {len(lines) - _MAX_TOLD} more" * (len(lines) > _MAX_TOLD)
    # What is there in addition does no harm by itself; what is missing does.
    tell = warning if all(line.startswith(_ONLY_THERE) for line in lines) else failed
    yield tell("; ".join(lines[:_MAX_TOLD]) + more, "undo what was changed by hand, or write a migration for it")


def built_in_roles(_: Deployment) -> Iterator[Verdict]:
    """The roles `user` and `guest` hold what the document gives them, neither less nor more."""
    try:
        found = role_differences()
    except DocumentError:
        yield skipped("permissions.yaml cannot be read; document.operations says why")
        return
    if found:
        yield failed(f"they differ from openapi/permissions.yaml: {found}", "charter db migrate")
    else:
        yield ok("user and guest hold what openapi/permissions.yaml gives them")
