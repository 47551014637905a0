"""`charter db`: migrates the database; in development it also fills or empties it."""

import sys

import click

from app import resources
from app.cli.bound_database import bound_database
from app.cli.errors import FAILED, CommandError
from app.cli.help_examples import example
from app.cli.project import current_project
from app.cli.tables import print_table
from app.config import Config

_BEHIND = 1
_MAX_NAME_BYTES = 63
_GRANTS_EXAMPLE = example('charter db grants charter_serve | psql "$OWNER_URL"')


@click.group(short_help="Migrate the database, and fill or empty it.")
def db() -> None:
    """Migrate the database, and in development fill or empty it."""


@db.command()
def migrate() -> None:
    """Run the missing migrations; several runs at once are safe. In a project, those of Charter run first.

    Then create the missing partitions of the audit trail, and give the built-in roles the permissions that
    openapi/permissions.yaml lists for them.
    """
    from app.cli.migrating import bring_up_to_date, reject_other_encodings

    with bound_database() as (database, _):
        reject_other_encodings()
        names = bring_up_to_date(database, report=click.echo)
    click.echo(_count(len(names), "run") if names else "the database is up to date")


@db.command()
@click.option("--steps", type=click.IntRange(min=1), default=1, show_default=True, help="How many migrations to undo.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def rollback(steps: int, yes: bool) -> None:
    """Undo the migrations that ran last, and delete their data.

    In a project these may be migrations of both sides: the last to run is the first to be undone.
    """
    from app.database import migrator

    project = current_project()
    with bound_database() as (database, _):
        if not yes:
            for name in migrator.latest(database, steps, project=project):
                of_charter = f" (of Charter; what {project.name} needs of it is lost)" if project else ""
                click.echo(f"{name}{of_charter * (':' not in name)}", err=True)
        _confirm(f"Undo the latest {steps} migration{'s' * (steps != 1)} and delete their data?", yes)
        names = migrator.rollback(database, steps, report=click.echo, project=project)
    click.echo(_count(len(names), "undone"))


@db.command(short_help="Write an empty migration.", epilog=example("charter db new add-projects"))
@click.argument("description", callback=lambda _ctx, _param, value: _description(value))
def new(description: str) -> None:
    """Write an empty migration with the present date, to be filled in: migrations/YYYY-MM-DD-HH-mm-DESCRIPTION.py."""
    from app.database import migration_files

    project = current_project()
    if project is None and resources.CHECKOUT is None:
        message = "there is no project here: run this in the folder of one, or set CHARTER_PROJECT to it"
        raise CommandError(message, exit_code=FAILED)
    folder = project.migrations if project else resources.MIGRATIONS
    path = migration_files.create(folder, description)
    click.echo(f"wrote {folder.name}/{path.name}: write migrate() and rollback(), then run charter db migrate")


@db.command()
@click.pass_context
def status(ctx: click.Context) -> None:
    """List the migrations; the exit code is 1 when some have not run."""
    from app.database import migrator

    with bound_database() as (database, _):
        migrations = migrator.status(database, project=current_project())
    rows = [(name, f"{moment:%Y-%m-%d %H:%M:%S}" if moment else "not run") for name, moment in migrations]
    print_table(("MIGRATION", "RUN AT (UTC)"), rows)
    if any(moment is None for _, moment in migrations):
        ctx.exit(_BEHIND)


@db.command(short_help="Print the rights that a serving role needs.", epilog=_GRANTS_EXAMPLE)
@click.argument("role", callback=lambda _ctx, _param, value: _role_name(value))
def grants(role: str) -> None:
    """Print the SQL that grants ROLE all that `charter serve` needs, and revokes the rest.

    Run it as the role that owns the tables. It also covers what later migrations create. docs/database-roles.md has the
    whole set-up. ROLE is the name in PostgreSQL, without quotes.
    """
    from app.cli.dependencies import project_parts
    from app.services import database_rights

    with bound_database() as (database, _):
        database.project_models = project_parts().models
        statements = database_rights.grants(role)
        me = database_rights.connected_role()
    if statements is None:
        raise CommandError(f"{me} finds no tables to grant rights on: run charter db migrate first", exit_code=FAILED)
    if statements.owns:
        raise CommandError(f"{role} owns the tables and needs no rights: name the role that serves", exit_code=FAILED)
    if not statements.exists:
        click.echo(f"charter: there is no role {role} yet: run CREATE ROLE … LOGIN before this", err=True)
    click.echo(statements.script)


@db.command(short_help="Create example accounts for development.")
def seed() -> None:
    """Create example accounts for development; existing ones stay as they are."""
    from app.cli.dependencies import dependencies_for
    from app.cli.example_accounts import EXAMPLES, PASSWORD, create_person

    with bound_database() as (_, config):
        _refuse_in_production(config, "seed")
        dependencies = dependencies_for(config)
        bar = click.progressbar(EXAMPLES, label="Creating example accounts", file=sys.stderr)
        with bar as people:
            created = [person.email for person in people if create_person(person, dependencies=dependencies)]
    for email in created:
        click.echo(f"created {email}")
    click.echo(f"{len(created)} created, {len(EXAMPLES) - len(created)} existed; their password is: {PASSWORD}")


@db.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(yes: bool) -> None:
    """Empty the database: undo every migration and run them again. Not allowed in production."""
    from app.cache.tags import EVERYTHING
    from app.cli.migrating import bring_up_to_date
    from app.context.invalidations import queue_invalidations
    from app.database import migrator

    with bound_database() as (database, config):
        _refuse_in_production(config, "reset")
        _confirm("Delete everything in the database?", yes)
        project = current_project()
        migrator.rollback(database, len(migrator.status(database)), report=click.echo, project=project)
        bring_up_to_date(database, report=click.echo)
        # To Redis it is the same database, and servers may be running.
        queue_invalidations([EVERYTHING], cache=None)
    click.echo("the database is empty")


def _role_name(value: str) -> str:
    """Return the name if PostgreSQL allows it for a role.

    Raises:
        BadParameter: PostgreSQL does not allow it.
    """
    if not value or not value.isprintable() or len(value.encode(errors="replace")) > _MAX_NAME_BYTES:
        raise click.BadParameter(f"must be 1 to {_MAX_NAME_BYTES} bytes of printable text.")
    if value in ("public", "none") or value.startswith("pg_"):
        raise click.BadParameter(f"must be a role of your own: PostgreSQL reserves the name {value}.")
    return value


def _description(value: str) -> str:
    """Return the description if a file name can have it.

    Raises:
        BadParameter: it cannot.
    """
    from app.database.migration_files import DESCRIPTION

    if not DESCRIPTION.fullmatch(value):
        raise click.BadParameter("must be words of small letters and digits, joined by hyphens, such as add-projects.")
    return value


def _confirm(question: str, yes: bool) -> None:
    if not yes:
        click.confirm(question, abort=True, err=True)


def _refuse_in_production(config: Config, command: str) -> None:
    if config.env == "production":
        raise CommandError(f"db {command} is not for production, and CHARTER_ENV is production", exit_code=FAILED)


def _count(number: int, done: str) -> str:
    return f"{number} migration{'s' * (number != 1)} {done}"
