"""`charter contract`: prove that a deployment does what its document says."""

import json
import os
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.errors import CommandError
from app.cli.help_examples import example

if TYPE_CHECKING:
    from app.contract_kit.run import Outcome

PASSWORD_VARIABLE = "CONTRACT_ADMIN_PASSWORD"  # noqa: S105  # the name of a variable
_USAGE = 2


@click.command(
    short_help="Prove that a deployment does what its document says.",
    epilog=example(
        "charter contract --base-url http://localhost:8080 --admin-email admin@example.com",
        "charter contract --base-url https://staging.example.com --admin-email admin@example.com \\",
        "    --admin-password-stdin --report reports --junit contract.xml < password",
    ),
)
@click.option("--base-url", required=True, help="Where the deployment is, such as https://staging.example.com.")
@click.option("--admin-email", required=True, help="The email address of an admin.")
@click.option(
    "--admin-password-stdin",
    is_flag=True,
    help=f"Read the password of the admin from standard input, not from {PASSWORD_VARIABLE}.",
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
@click.option("--yes-production", is_flag=True, help="Run although the deployment is, or may be, a production.")
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
    base_url: str,
    admin_email: str,
    admin_password_stdin: bool,
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
    r"""Prove over HTTP that a deployment does what the document says that it serves.

    It makes accounts and roles of its own, calls every operation as everybody who may or may not call it, and removes
    all that it made. It needs no access to the database.

    \b
    Exit codes:
      0  proven
      1  something is not as the document says
      2  not proven: the run could not begin, was stopped, or could not try something
    """
    from app.contract_kit.checks import fuzzing
    from app.contract_kit.checks.catalogue import NAMES
    from app.contract_kit.client import Address
    from app.contract_kit.options import Options
    from app.contract_kit.run import execute

    try:
        address = Address.of(base_url)
    except ValueError as error:
        raise CommandError(f"--base-url {error}", exit_code=_USAGE) from error
    if unknown := set(only) - set(NAMES):
        raise CommandError(f"there is no check {', '.join(sorted(unknown))}: {', '.join(NAMES)}", exit_code=_USAGE)
    if (not only or "fuzz" in only) and not fuzzing.is_installed():
        raise CommandError(fuzzing.MISSING, exit_code=_USAGE)
    options = Options(
        address,
        admin_email,
        _password(from_stdin=admin_password_stdin),
        seed=secrets.randbelow(2**31) if seed is None else seed,
        examples=examples,
        only=frozenset(only),
        skipped=frozenset(skip),
        released=_read_released(released) if released else None,
        production=yes_production,
        fail_fast=fail_fast,
    )
    earlier = _read_report(compare) if compare else None
    outcome = execute(options, sys.stderr)
    _tell(outcome, report, junit, earlier)
    sys.exit(outcome.code)


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


def _read_report(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        found = None
    if not isinstance(found, dict) or "report_version" not in found:
        raise CommandError(f"{path} is no report.json of charter contract", exit_code=_USAGE)
    return found


def _tell(outcome: "Outcome", folder: Path | None, junit_file: Path | None, earlier: dict[str, Any] | None) -> None:
    from app.contract_kit.report.compare import worse
    from app.contract_kit.report.data import report
    from app.contract_kit.report.html import page
    from app.contract_kit.report.junit import junit
    from app.contract_kit.report.summary import summary

    made = report(outcome)
    differences = worse(earlier, made) if earlier is not None else None
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "report.json").write_text(json.dumps(made, indent=1), encoding="utf-8")
        (folder / "report.html").write_text(page(made, worse=differences), encoding="utf-8")
    if junit_file is not None:
        junit_file.parent.mkdir(parents=True, exist_ok=True)
        junit_file.write_text(junit(made), encoding="utf-8")
    click.echo(summary(made, worse=differences))
    if folder is not None:
        click.echo(f"The report is {folder / 'report.html'}")
