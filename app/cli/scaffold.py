"""`charter scaffold` and `charter add`: write the code that a document needs, and the document itself."""

from typing import TYPE_CHECKING

import click

from app.cli.errors import MISCONFIGURED, CommandError
from app.cli.help_examples import example
from app.cli.project import current_project

if TYPE_CHECKING:
    from app.project import Project
    from app.scaffold.plan import Written

_USAGE = 2
_OPERATIONS = ("list", "create", "get", "update", "delete")


@click.command(short_help="Write the code that the document needs.", epilog=example("charter scaffold", "charter dev"))
def scaffold() -> None:
    """Write what the document of the project has and its code has not.

    Every operation without a handler gets one, with a service and tests; every schema without a model gets one, with a
    migration and a presenter; every tag gets a page in docs/features. Functions and imports are added to modules that
    exist; nothing else in them is changed. A second run writes nothing.
    """
    from app.resources import OPENAPI
    from app.scaffold.plan import CannotScaffold
    from app.scaffold.plan import scaffold as write

    project = _project("charter scaffold")
    try:
        written = write(project, OPENAPI / "openapi.yaml")
    except CannotScaffold as error:
        raise CommandError(*str(error).splitlines(), exit_code=MISCONFIGURED) from error
    _report(written)


@click.group(short_help="Add a resource to the document, with its code.")
def add() -> None:
    """Add something to the document of the project, and write its code."""


@add.command(
    short_help="Add a resource: table, operations, code and tests.",
    epilog=example(
        "charter add resource projects --owned --fields 'name:text,description:text?,archived:bool' --cached"
    ),
)
@click.argument("plural")
@click.option("--fields", required=True, help="Its fields, such as name:text,size:int?,status:enum(draft|public).")
@click.option("--ops", default=",".join(_OPERATIONS), show_default=True, help="Its operations.")
@click.option("--owned", is_flag=True, help="Each belongs to an account, which needs no permission for it.")
@click.option("--cached", is_flag=True, help="Cache the reads of one.")
@click.option("--idempotent", is_flag=True, help="Accept Idempotency-Key when one is created.")
@click.option("--singular", help="The name of one, if it is not the plural without its s.")
def resource(
    plural: str, fields: str, ops: str, owned: bool, cached: bool, idempotent: bool, singular: str | None
) -> None:
    """Add a resource to the document of the project, and write its code and its tests.

    Types of fields are text, text(LENGTH), int, bool, date, datetime, uuid, decimal, enum(a|b) and ref:users, an
    account. A question mark behind the type means that the field may be null. All files are written, or none.
    """
    from app.database.tables import is_charters
    from app.resources import OPENAPI
    from app.scaffold.document_part import CannotAdd
    from app.scaffold.fields import WrongField, parse_fields
    from app.scaffold.names import WrongName, check_name, singular_of
    from app.scaffold.plan import CannotScaffold, add_resource
    from app.scaffold.reserved import wrong_names
    from app.scaffold.resource import Resource

    project = _project("charter add")
    kinds = [name.strip() for name in ops.split(",") if name.strip()]
    if not kinds or set(kinds) - set(_OPERATIONS):
        raise CommandError(f"--ops {ops!r}: write some of {','.join(_OPERATIONS)}", exit_code=_USAGE)
    try:
        check_name(plural, "the name of a resource")
        one = check_name(singular or singular_of(plural), "the singular")
        if one == plural:
            raise WrongName(f"{plural} and its singular must differ: name one of them with --singular")
        if is_charters(plural):
            raise WrongName(f"{plural} is the name of a table that Charter has or may get: choose another one")
        parsed = parse_fields(fields)
    except (WrongField, WrongName) as error:
        raise CommandError(*str(error).splitlines(), exit_code=_USAGE) from error
    made = Resource(plural, one, parsed, "owner_id" if owned else None, cached=cached, idempotent=idempotent)
    if faults := wrong_names(made):
        raise CommandError(*faults, exit_code=_USAGE)
    try:
        written = add_resource(project, OPENAPI / "openapi.yaml", made, [kind for kind in _OPERATIONS if kind in kinds])
    except (CannotAdd, CannotScaffold) as error:
        raise CommandError(*str(error).splitlines(), exit_code=MISCONFIGURED) from error
    if not singular:
        click.echo(f"One of the {made.nouns} is called {made.noun}; --singular would name it otherwise.")
    _report(written)


def _project(command: str) -> "Project":
    project = current_project()
    if project is None:
        raise CommandError(
            f"{command} writes files of a project, and the working directory is in no project: make one with charter "
            "new, or change to its folder",
            exit_code=_USAGE,
        )
    return project


def _report(written: "Written") -> None:
    for path in written.new:
        click.echo(f"wrote {path}")
    for path in written.changed:
        click.echo(f"added to {path}")
    for line in written.todo:
        click.echo(f"left to you: {line}", err=True)
    if written.todo and not written.new and not written.changed:
        return
    if not written.new and not written.changed:
        click.echo("Nothing to write: every operation has a handler, and every schema a model.")
        return
    names = ", ".join(resource.plural for resource in written.resources)
    click.echo(
        f"\nThree decisions are left to you for {names}:\n"
        "  who else holds the permissions: `roles` in openapi/permissions.yaml; now only admins do\n"
        "  how often each caller may call: x-rate-limit of each operation, with numbers in openapi/policies.yaml\n"
        "  how long a row is kept: now until it, or the account that owns it, is deleted\n"
        "\nNext: make test"
    )
