"""The database as this code wants it: its migrations, and what the built-in roles hold by permissions.yaml."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from app.cache.tags import EVERYTHING
from app.cli.audited import record
from app.cli.refusals import MISCONFIGURED, Refusal
from app.cli.services import built_in_permissions
from app.database import Database, migrator, retry_transaction, run, unit_of_work
from app.services import built_in_roles
from app.services.built_in_roles import Difference
from app.services.invalidations import queue_invalidations


def refuse_other_encodings() -> None:
    """Refuse a database that cannot hold every name, or whose functions take letters for bytes.

    Raises:
        Refusal: its encoding is not UTF8.
    """
    encoding = run("SHOW server_encoding")[0][0]
    if encoding != "UTF8":
        raise Refusal(
            f"the encoding of the database is {encoding}, and Charter needs UTF8: dump it, and restore it into one "
            "made with CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8'",
            exit_code=MISCONFIGURED,
        )


def bring_up_to_date(database: Database, report: Callable[[str], object]) -> list[str]:
    """Run the migrations that are missing, then give the built-in roles what permissions.yaml says; races are safe.

    A role that changes leaves an event, as a change over the API does. What is cached from before a
    migration is dropped.

    Args:
        database: the bound one.
        report: called with a line for each thing done.

    Returns:
        The names of the migrations run.

    Raises:
        DocumentError: permissions.yaml is wrong; nothing was done.
        MigrationError, Unavailable: as `migrator.migrate`.
    """
    given = built_in_permissions()
    names = migrator.migrate(database, report=report)
    if names and len(names) < len(migrator.status(database)):
        queue_invalidations([EVERYTHING], store=None)
    for role, added, removed in retry_transaction(lambda: _bring_roles_in_line(given)):
        told = ["now holds " + ", ".join(added)] * bool(added) + ["no longer holds " + ", ".join(removed)] * bool(
            removed
        )
        report(f"the role {role} {' and '.join(told)}")
    return names


def shortfall(database: Database) -> str | None:
    """Return what a server needs and `bring_up_to_date` would bring, in one line; None when there is nothing.

    What a built-in role holds beyond permissions.yaml does not count: while a release that gives more is rolled out,
    the one before it may start again.

    Raises:
        DocumentError: permissions.yaml is wrong.
        Unavailable: the database cannot be reached.
    """
    behind = len(migrator.pending(database))
    if behind:
        return f"the database is {behind} migration{'s' * (behind != 1)} behind"
    lacking = [
        f"{role} should hold {', '.join(added)}"
        for role, added, _ in built_in_roles.differences(given=built_in_permissions())
        if added
    ]
    return (
        f"the built-in roles lack what openapi/permissions.yaml gives them: {'; '.join(lacking)}" if lacking else None
    )


def role_differences() -> str:
    """Return in one line where the built-in roles differ from permissions.yaml; empty when they do not.

    Raises:
        DocumentError: permissions.yaml is wrong.
    """
    wishes = [
        f"{role} {'should' if wanted else 'should not'} hold {', '.join(permissions)}"
        for role, added, removed in built_in_roles.differences(given=built_in_permissions())
        for wanted, permissions in ((True, added), (False, removed))
        if permissions
    ]
    return "; ".join(wishes)


def _bring_roles_in_line(given: Mapping[str, tuple[str, ...]]) -> list[Difference]:
    now = datetime.now(UTC)
    with unit_of_work():
        changes = built_in_roles.bring_in_line(given=given, now=now)
        for role, added, removed in changes:
            record("role.updated", target=("role", role), details={"added": added, "removed": removed}, now=now)
    return changes
