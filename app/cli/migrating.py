"""Brings the database up to date: the migrations, and the permissions of the built-in roles by permissions.yaml."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from app.cache.tags import EVERYTHING
from app.cli.dependencies import built_in_permissions
from app.cli.errors import MISCONFIGURED, CommandError
from app.cli.operator_actions import record
from app.cli.project import current_project
from app.context.invalidations import queue_invalidations
from app.database import Database, retry_transaction, run, unit_of_work
from app.database.migration_history import pending
from app.services import built_in_roles
from app.services.built_in_roles import Difference


def reject_other_encodings() -> None:
    """Reject a database that cannot store every name, or whose functions count bytes as letters.

    Raises:
        CommandError: its encoding is not UTF8.
    """
    encoding = run("SHOW server_encoding")[0][0]
    if encoding != "UTF8":
        raise CommandError(
            f"the encoding of the database is {encoding}, and Charter needs UTF8: dump it, and restore it into one "
            "created with CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8'",
            exit_code=MISCONFIGURED,
        )


def bring_up_to_date(database: Database, report: Callable[[str], object]) -> list[str]:
    """Run the missing migrations, then give the built-in roles the permissions of permissions.yaml; races are safe.

    A change of a role writes an event, as a change through the API does. Cache entries from before a migration become
    invalid.

    Args:
        database: the bound one.
        report: called with a line for each change.

    Returns:
        The names of the migrations run.

    Raises:
        DocumentError: permissions.yaml is wrong; nothing has changed.
        MigrationError, Unavailable: as `migrator.migrate`.
    """
    from app.database import migrator

    permissions = built_in_permissions()
    project = current_project()
    names = migrator.migrate(database, report=report, project=project)
    if names and len(names) < len(migrator.status(database, project=project)):
        queue_invalidations([EVERYTHING], cache=None)
    for role, added, removed in retry_transaction(lambda: _synchronise_roles(permissions)):
        changes = [f"now holds {', '.join(added)}"] if added else []
        changes += [f"no longer holds {', '.join(removed)}"] if removed else []
        report(f"the role {role} {' and '.join(changes)}")
    return names


def describe_missing(database: Database) -> str | None:
    """Return in one line what a server needs and `bring_up_to_date` would add; None when there is nothing.

    Permissions of a built-in role beyond permissions.yaml do not count: while a release that adds some is rolled out,
    the release before it may start again.

    Raises:
        DocumentError: permissions.yaml is wrong.
        Unavailable: the database does not respond.
    """
    behind = pending(database, project=current_project())
    if behind:
        return f"the database is {len(behind)} migration{'s' * (len(behind) != 1)} behind"
    lacking = [
        f"{role} should hold {', '.join(added)}"
        for role, added, _ in built_in_roles.differences(built_in_permissions())
        if added
    ]
    return f"the built-in roles lack permissions of openapi/permissions.yaml: {'; '.join(lacking)}" if lacking else None


def role_differences() -> str:
    """Return in one line how the built-in roles differ from permissions.yaml; empty when they do not.

    Raises:
        DocumentError: permissions.yaml is wrong.
    """
    differences = [
        f"{role} {'should' if wanted else 'should not'} hold {', '.join(permissions)}"
        for role, added, removed in built_in_roles.differences(built_in_permissions())
        for wanted, permissions in ((True, added), (False, removed))
        if permissions
    ]
    return "; ".join(differences)


def _synchronise_roles(permissions: Mapping[str, tuple[str, ...]]) -> list[Difference]:
    now = datetime.now(UTC)
    with unit_of_work():
        changes = built_in_roles.synchronise(permissions, now=now)
        for role, added, removed in changes:
            record("role.updated", target=("role", role), details={"added": added, "removed": removed}, now=now)
    return changes
