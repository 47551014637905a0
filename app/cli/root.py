"""The root of the `charter` command, with those sub-commands that a process needs."""

import click

from app.cli.project import enter_project
from app.cli.project_commands import ProjectGroup

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


def root(*commands: click.Command) -> click.Group:
    """Return the command; its help lists these sub-commands, in this order."""

    @click.group(cls=ProjectGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
    @click.version_option(package_name="charter", prog_name="charter")
    def main() -> None:
        """Run and operate a Charter server.

        In the folder of a project, the commands work on the project and Charter together.

        The configuration comes from environment variables; docs/configuration.md lists them. With
        CHARTER_ENV=development none needs to be set: PostgreSQL, Valkey and the secrets are created under .charter.
        """
        enter_project()

    for command in commands:
        main.add_command(command)
    return main
