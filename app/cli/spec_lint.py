"""`charter spec lint`: every fault of the document and of its handlers, by file and line."""

import os
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from app.cli.errors import MISCONFIGURED, CommandError
from app.cli.printing import print_json, printable
from app.cli.project import current_project
from app.config import Config

if TYPE_CHECKING:
    from app.pipeline.contract import Contract
    from app.spec.document import Document, Fault, Pointer

_FORMS = ("text", "json", "github")
_MAX_MESSAGE_LENGTH = 200


@click.command(short_help="Check the document, and list every fault.")
@click.option(
    "--format", "form", type=click.Choice(_FORMS), default="text", show_default=True, help="How to print them."
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.pass_context
def lint(context: click.Context, form: str, as_json: bool) -> None:
    """Check the document, its policies and handlers, and list every fault.

    A fault is everything that prevents a server from starting, and every response or header that an operation can
    return but does not document. A fault that only follows from another is left out. With --format github, GitHub
    Actions show each fault at its line.
    """
    from app.pipeline.contract import read_contract
    from app.spec.document import DocumentError

    form = "json" if as_json else form
    try:
        contract = read_contract(
            Config(), project=current_project(), thorough=True, second_opinion=faults_of_the_validator
        )
    except DocumentError as error:
        faults, warnings, summary = error.faults, [], count(error.faults)
        if find_spec("openapi_spec_validator") is None:
            summary += "; openapi-spec-validator is not installed, and may find more: run make install"
    else:
        faults, warnings, summary = [], list(contract.warnings), _operations(contract)
    if form == "json":
        print_json({"faults": [*map(_as_json, faults)], "warnings": [*map(_as_json, warnings)]})
    else:
        color = False if os.environ.get("NO_COLOR") else None
        for line in github(faults, warnings) if form == "github" else report(faults, warnings):
            click.echo(line, color=color)
        click.echo(summary)
    if faults:
        context.exit(MISCONFIGURED)


def report(faults: Sequence["Fault"], warnings: Sequence["Fault"] = ()) -> Iterator[str]:
    """Yield the lines that show faults to a person: an empty line after those of each file, and colour for a terminal.

    Args:
        faults: in order.
        warnings: what works, but should be known; they come first.
    """
    for findings, word in ((warnings, "warning: "), (faults, "")):
        for _, of_file in groupby(findings, lambda fault: fault.place.file):
            for fault in of_file:
                place = click.style(printable(str(fault.place)), bold=True)
                message = click.style(word + printable(fault.message), fg="yellow" if word else "red")
                yield f"{place}: {message} {printable(fault.fix)}"
            yield ""


def count(faults: Sequence["Fault"]) -> str:
    """Return how many faults there are in how many files."""
    files = len({fault.place.file for fault in faults})
    return f"{len(faults)} fault{'s' * (len(faults) != 1)} in {files} file{'s' * (files != 1)}"


def faults_of_the_validator(document: "Document", well_formed: bool) -> list["Fault"]:
    """Return what openapi-spec-validator finds wrong.

    Args:
        document: in one piece.
        well_formed: as of `SecondOpinion`.

    Raises:
        CommandError: it is not installed.
    """
    try:
        from openapi_spec_validator import OpenAPIV30SpecValidator
    except ModuleNotFoundError:
        raise CommandError(
            "charter spec lint needs openapi-spec-validator: install it with make install, "
            "or with pip install openapi-spec-validator"
        ) from None

    from app.spec.document import Fault

    return sorted(
        Fault(
            document.where(tuple(error.absolute_path) or _pointer_of_default(document, error)),
            f"openapi-spec-validator says: {error.message[:_MAX_MESSAGE_LENGTH].rstrip('.')}.",
            "Write it as the OpenAPI 3.0 specification says.",
        )
        for error in OpenAPIV30SpecValidator(document.bundle).iter_errors()
        # Errors of form have the keyword of the schema of OpenAPI, by which Charter has compared the document, too.
        if well_formed or not isinstance(error.validator, str)
    )


def _pointer_of_default(document: "Document", error: Any) -> "Pointer":
    """Return where the default value is that does not fit its schema: the validator does not say it."""
    from app.spec.document.tree import nodes

    for node in nodes(document.bundle):
        if node.mapping == error.schema and node.mapping.get("default") == error.instance:
            return (*node.pointer, "default")
    return ()


def _operations(contract: "Contract") -> str:
    own = sum(not policy.inherited for policy in contract.policies.values())
    of_project = f", {own} of the project {project.name}" if (project := current_project()) else ""
    return f"{len(contract.policies)} operations{of_project}, no faults"


def _as_json(fault: "Fault") -> dict[str, str | int]:
    return {"file": fault.place.file, "line": fault.place.line, "message": fault.message, "fix": fault.fix}


def github(faults: Sequence["Fault"], warnings: Sequence["Fault"]) -> Iterator[str]:
    """Yield the workflow commands of GitHub Actions for faults and warnings.

    See https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions.
    """
    for findings, command in ((warnings, "warning"), (faults, "error")):
        for fault in findings:
            file = _escaped(fault.place.file).replace(":", "%3A").replace(",", "%2C")
            yield f"::{command} file={file},line={fault.place.line}::{_escaped(f'{fault.message} {fault.fix}')}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
