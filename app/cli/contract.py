"""`charter contract`: prove that a deployment does what its document says."""

import os
import secrets
import select
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.contract_files import Files, read_report
from app.cli.errors import CommandError
from app.cli.help_examples import example

if TYPE_CHECKING:
    from app.contract_kit.client import Address

PASSWORD_VARIABLE = "CONTRACT_ADMIN_PASSWORD"  # noqa: S105  # the name of a variable
_USAGE = 2
_GLANCE_SECONDS = 0.1


@click.command(
    short_help="Prove that a deployment does what its document says.",
    epilog=example(
        "charter contract --base-url http://localhost:8080 --admin-email admin@example.com",
        "charter contract --base-url https://staging.example.com --admin-email admin@example.com \\",
        "    --admin-password-stdin --report reports --junit contract.xml < password",
        "charter contract --start --report reports",
    ),
)
@click.option("--base-url", help="Where the deployment is, such as https://staging.example.com.")
@click.option("--admin-email", help="The email address of an admin.")
@click.option(
    "--start",
    is_flag=True,
    help="Start a server here, of this project or checkout, on a database of its own, and prove that one.",
)
@click.option(
    "--admin-password-stdin",
    is_flag=True,
    help=f"Read the password of the admin from standard input, not from {PASSWORD_VARIABLE}.",
)
@click.option(
    "--ca-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Trust the certificates in this file (PEM) in place of those of the system.",
)
@click.option("--seed", type=click.IntRange(min=0), help="Repeat the choices of an earlier run.")
@click.option(
    "--examples", type=click.IntRange(min=1), default=20, show_default=True, help="Generated requests for an operation."
)
@click.option("--only", multiple=True, metavar="CHECK", help="Run only this check; may be repeated.")
@click.option("--skip", multiple=True, metavar="OPERATION", help="Leave out an operation; may be repeated.")
@click.option(
    "--released", metavar="FILE", help="Compare the served document with this released one, a bundle in JSON."
)
@click.option("--yes-production", is_flag=True, help="Do not ask before a deployment that is, or may be, a production.")
@click.option("--fail-fast", is_flag=True, help="Stop after the first check that fails.")
@click.option(
    "--report",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write report.json and report.html to this folder.",
)
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write a report for CI to this file.")
@click.option(
    "--compare",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Tell what is worse than in this report.json of an earlier run.",
)
def contract(
    base_url: str | None,
    admin_email: str | None,
    start: bool,
    admin_password_stdin: bool,
    ca_file: Path | None,
    seed: int | None,
    examples: int,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    released: str | None,
    yes_production: bool,
    fail_fast: bool,
    report: Path | None,
    junit: Path | None,
    compare: Path | None,
) -> None:
    """Prove over HTTP that a deployment does what the document says that it serves.

    It makes accounts and roles of its own, calls every operation as everybody who may or may not call it, and removes
    all that it made. It needs no access to the database.

    Exit codes: 0, proven; 1, something is not as the document says; 2, not proven: the run could not begin, was
    stopped, or could not try something.
    """
    from app.cli.contract_server import ADMIN, started
    from app.contract_kit.checks import fuzzing
    from app.contract_kit.checks.catalogue import NAMES
    from app.contract_kit.options import Options
    from app.contract_kit.run import execute

    if start and (base_url or admin_email or admin_password_stdin or ca_file):
        raise CommandError("--start has an address and an admin of its own: leave out the others", exit_code=_USAGE)
    if not start and not (base_url and admin_email):
        missing = "--admin-email" if base_url else "--base-url"
        raise CommandError(f"{missing} is missing: name a deployment and an admin, or use --start", exit_code=_USAGE)
    if unknown := set(only) - set(NAMES):
        raise CommandError(f"there is no check {', '.join(sorted(unknown))}: {', '.join(NAMES)}", exit_code=_USAGE)
    if (not only or "fuzz" in only) and not fuzzing.is_installed():
        raise CommandError(fuzzing.missing(), exit_code=_USAGE)
    address = None if start else _address(str(base_url), ca_file)
    files = Files(report, junit)
    earlier = read_report(compare) if compare else None
    password = "" if start else _password(from_stdin=admin_password_stdin)
    chosen: dict[str, Any] = {
        "seed": secrets.randbelow(2**31) if seed is None else seed,
        "examples": examples,
        "only": frozenset(only),
        "skipped": frozenset(skip),
        "released": _read_released(released) if released else None,
        "production": yes_production,
        "fail_fast": fail_fast,
    }
    with ExitStack() as stack:
        if start:
            server = stack.enter_context(started(report / "server.log" if report else None))
            admin_email, password = ADMIN, server.password
        options = Options(address or _address(server.url, None), str(admin_email), password, **chosen)
        outcome = execute(options, sys.stderr, ask=_typed if _at_terminal() else None)
    files.tell(outcome, earlier)
    sys.exit(outcome.code)


def _address(url: str, ca_file: Path | None) -> "Address":
    from app.contract_kit.client import Address

    try:
        address = Address.of(url, ca_file=str(ca_file.resolve()) if ca_file else "")
    except ValueError as error:
        raise CommandError(f"--base-url {error}", exit_code=_USAGE) from error
    try:
        address.trust()
    except OSError as error:
        raise CommandError(
            f"--ca-file {ca_file} has no certificates: it must be text that begins with -----BEGIN CERTIFICATE-----",
            exit_code=_USAGE,
        ) from error
    return address


def _at_terminal() -> bool:
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def _typed(told: str, host: str, go_on: Callable[[], object]) -> bool:
    """Ask for the name of the host, which nobody types by accident."""
    click.echo(f"{told}. The run makes accounts, roles and other things there, and removes them.", err=True)
    click.echo(f"Type {host} to go on: ", nl=False, err=True)
    # A read that is interrupted goes on, so Ctrl-C is looked for beside it.
    while not select.select([sys.stdin], [], [], _GLANCE_SECONDS)[0]:
        go_on()
    return sys.stdin.readline().strip() == host


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        password = sys.stdin.buffer.readline().decode("utf-8", "replace").rstrip("\r\n") if sys.stdin else ""
        if not password:
            raise CommandError("standard input is empty: write the password of the admin to it", exit_code=_USAGE)
        return password
    password = os.environ.get(PASSWORD_VARIABLE, "")
    if not password:
        raise CommandError(
            f"there is no password: set {PASSWORD_VARIABLE}, or use --admin-password-stdin", exit_code=_USAGE
        )
    return password


def _read_released(name: str) -> dict[str, Any]:
    from app.spec.diff import SourceError, read_source

    try:
        return read_source(name).bundle
    except SourceError as error:
        raise CommandError(str(error), exit_code=_USAGE) from error
