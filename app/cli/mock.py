"""`charter mock`: the document served without a database."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.errors import MISCONFIGURED, CommandError
from app.cli.help_examples import example
from app.cli.project import current_project
from app.cli.stopping import print_line, print_stopped

if TYPE_CHECKING:
    from app.mock.application import Mock

PORT = 4010


@click.command(
    short_help="Serve the document without a database, for tests of clients.",
    epilog=example("charter mock", "charter mock openapi.json --port 4011 --seed 7"),
)
@click.argument("document", required=False, type=click.Path(path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=PORT,
    show_default=True,
    type=click.IntRange(0, 65_535),
    help="Port to listen on; 0 chooses a free one.",
)
@click.option("--seed", default=1, show_default=True, help="Another number makes up other data.")
@click.option(
    "--accounts", default=45, show_default=True, type=click.IntRange(3, 10_000), help="Number of accounts at the start."
)
@click.option(
    "--max-rows",
    default=10_000,
    show_default=True,
    type=click.IntRange(100, 1_000_000),
    help="Rows of each kind that are kept in memory.",
)
@click.option(
    "--max-delay",
    default=10.0,
    show_default=True,
    type=click.FloatRange(0, 14),
    help="The longest delay that a request may ask for, in seconds.",
)
def mock(
    document: Path | None, host: str, port: int, seed: int, accounts: int, max_rows: int, max_delay: float
) -> None:
    """Serve a document without a database, until Ctrl-C or SIGTERM.

    DOCUMENT is the root file of a document, or one that a deployment serves at /openapi.json; without it, the document
    of this release is served, in a project together with that of the project. Accounts, sessions, roles and settings
    are kept in memory until the mock stops.
    """
    from app.cli.serving import serve_mock
    from app.mock.application import create_mock
    from app.mock.configuration import MockOptions, NotForProductionError, read_config
    from app.observability import logging
    from app.resources import OPENAPI

    try:
        config = read_config(os.environ, host=host, port=port)
    except NotForProductionError:
        raise CommandError(
            "charter mock is for tests, its passwords are public: with CHARTER_ENV=production use charter serve",
            exit_code=MISCONFIGURED,
        ) from None
    if document and not document.is_file():
        raise CommandError(f"there is no file {document}", exit_code=MISCONFIGURED)
    options = MockOptions(seed=seed, accounts=accounts, max_rows=max_rows, max_delay=max_delay)
    project = None if document else current_project()
    made = create_mock(config, options, document=document or OPENAPI / "openapi.yaml", project=project)
    logging.configure(config)
    serve_mock(made.app, config, lambda address: _greet(address, made))
    print_stopped()


def _greet(address: str, made: "Mock") -> None:
    from app.mock.people import ACCOUNTS, PASSWORD

    print_line(f"\nThe mock serves {len(made.operations)} operations at {address}")
    if "login" in made.operations:
        for account in ACCOUNTS:
            print_line(f"  {account.role:<6} {account.email}")
        print_line(f"  their password: {PASSWORD}")
    print_line("\nStop with Ctrl-C.\n")
