"""The migrations: all have run, none is from a newer release, and nobody changed tables or built-in roles by hand."""

from collections.abc import Iterator

from app.cli.doctor.deployment import Deployment
from app.cli.doctor.findings import Verdict, counted, failed, ok, skipped, warning
from app.cli.migrating import role_differences
from app.cli.project import current_project
from app.database import migrator
from app.database.binding import current_database
from app.database.drift import drift
from app.database.migration_error import MigrationError
from app.database.migration_files import MigrationFiles
from app.database.migration_history import MIGRATIONS, pending
from app.database.tables import all_models
from app.spec.document import DocumentError

_MAX_SHOWN = 5
_ONLY_THERE = "only in the database: "


def applied(deployment: Deployment) -> Iterator[Verdict]:
    """Check that every migration of this release has run."""
    behind = pending(current_database(), project=current_project())
    if not behind:
        yield ok(f"all {len(migrator.status(current_database(), project=current_project()))} have run")
        return
    deployment.missing["schema"] = "some migrations have not run"
    yield failed(f"{counted(len(behind), 'migration')} not run: {', '.join(behind)}", "charter db migrate")


def known(deployment: Deployment) -> Iterator[Verdict]:
    """Check that the database has no migration of a newer release."""
    project, database = current_project(), current_database()
    recorded = [name for name, moment in migrator.status(database, project=project) if moment]
    try:
        MigrationFiles(MIGRATIONS, project).check_known(recorded)
    except MigrationError as error:
        deployment.missing["schema"] = "the database has migrations that this code does not know"
        found, _, fix = str(error).partition(". ")
        yield failed(found, f"{fix[:1].lower()}{fix[1:]}".rstrip("."))
    else:
        yield ok("none from a newer release")


def drift_of_models(_: Deployment) -> Iterator[Verdict]:
    """Compare tables, columns, indexes and constraints with the models, in a transaction that is rolled back."""
    lines = drift(current_database(), all_models())
    if not lines:
        yield ok("the tables match the models")
        return
    more = f"; and {len(lines) - _MAX_SHOWN} more" * (len(lines) > _MAX_SHOWN)
    # Something extra in the database is harmless; something missing is not.
    verdict = warning if all(line.startswith(_ONLY_THERE) for line in lines) else failed
    yield verdict(
        "; ".join(lines[:_MAX_SHOWN]) + more, "undo the change that was made by hand, or write a migration for it"
    )


def built_in_roles(_: Deployment) -> Iterator[Verdict]:
    """Check that the roles `user` and `guest` hold the permissions of the document, neither less nor more."""
    try:
        differences = role_differences()
    except DocumentError:
        yield skipped("permissions.yaml cannot be read: see document.operations")
        return
    if differences:
        yield failed(f"they differ from openapi/permissions.yaml: {differences}", "charter db migrate")
    else:
        yield ok("user and guest hold the permissions of openapi/permissions.yaml")
