"""The root of the `charter` command, with all groups of sub-commands."""

import click

from app.cli.db import db
from app.cli.doctor import doctor
from app.cli.refusals import CharterGroup
from app.cli.serve import dev, serve
from app.cli.settings import settings
from app.cli.spec import spec
from app.cli.users import users

__all__ = ["main"]

EPILOG = """
\b
Exit codes:
  0  done
  1  failed
  2  wrong usage
  69 something needed is away: the database, the cache, the port
  75 busy right now: try again later
  78 the settings or the document are wrong
"""


@click.group(cls=CharterGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="charter", prog_name="charter")
def main() -> None:
    """Run and look after a Charter server.

    The configuration comes from the environment; docs/configuration.md lists it. With CHARTER_ENV=development nothing
    needs to be set: PostgreSQL, Valkey and secrets are made under .charter.
    """


for command in (serve, dev, db, users, settings, spec, doctor):
    main.add_command(command)
