"""The root of the `charter` command, with all groups of sub-commands."""

import click

from app.cli.contract import contract
from app.cli.db import db
from app.cli.doctor import doctor
from app.cli.mock import mock
from app.cli.new import new
from app.cli.project import enter_project
from app.cli.project_commands import ProjectGroup
from app.cli.scaffold import add, scaffold
from app.cli.sdk import sdk
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
  69 something needed is unavailable: the database, the cache, the port
  75 busy: try again later
  78 the configuration or the document is wrong
"""


@click.group(cls=ProjectGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="charter", prog_name="charter")
def main() -> None:
    """Run and operate a Charter server.

    In the folder of a project, the commands work on the project and Charter together.

    The configuration comes from environment variables; docs/configuration.md lists them. With CHARTER_ENV=development
    none needs to be set: PostgreSQL, Valkey and the secrets are created under .charter.
    """
    enter_project()


for command in (new, add, scaffold, serve, dev, mock, db, users, settings, spec, sdk, contract, doctor):
    main.add_command(command)
