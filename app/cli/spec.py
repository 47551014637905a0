"""`charter spec`: the document, looked at without a server."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.refusals import Refusal, refuse_document
from app.cli.tables import print_table
from app.settings import Settings

if TYPE_CHECKING:
    from app.surface import Surface


@click.group(short_help="Check and print the document.")
def spec() -> None:
    """Check the document under openapi/, and print what follows from it."""


@spec.command()
def lint() -> None:
    """Check the document, its policies and handlers, and list every fault.

    All that stops the start of a server is one; so is a refusal that an operation can answer and does not document.
    """
    try:
        from openapi_spec_validator import OpenAPIV30SpecValidator
    except ModuleNotFoundError:
        raise Refusal("openapi-spec-validator is not installed: make install brings it") from None

    surface = _surface(thorough=True)
    faults = [
        f"openapi: {'.'.join(str(part) for part in error.absolute_path)}: {error.message[:200]}"
        for error in OpenAPIV30SpecValidator(surface.document.bundle).iter_errors()
    ]
    if faults:
        refuse_document(faults)
    click.echo(f"{len(surface.policies)} operations, no faults")


@spec.command()
@click.option("--format", "form", type=click.Choice(["json", "yaml"]), default="json", show_default=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file instead.")
def bundle(form: str, output: Path | None) -> None:
    """Print the document as one file, references and names kept."""
    text = _as_text(_surface().document.bundle, form)
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")


@spec.command()
def routes() -> None:
    """List the operations by path."""
    rows = [(policy.method.upper(), policy.path, name) for name, policy in _surface().policies.items()]
    print_table(("METHOD", "PATH", "OPERATION"), sorted(rows, key=lambda row: (row[1], row[0])))


@spec.command()
def policy() -> None:
    """List what each operation asks and leaves behind: the security review on one page."""
    rows = [
        (
            name,
            "public" if found.public else " ".join(found.permissions),
            found.owner or "-",
            " ".join(".".join(path) for path, _ in found.write_permissions) or "-",
            found.step_up or "-",
            f"{found.cache.policy} {' '.join(map(str, found.cache.tags))}" if found.cache else "-",
            " ".join(map(str, found.drops)) or "-",
            found.precondition or "-",
            found.idempotency or "-",
            found.bucket or "-",
            found.executor,
            "-" if found.safe else found.event,
            str(found.sunset.on) if found.sunset else "-",
        )
        for name, found in sorted(_surface().policies.items())
    ]
    print_table(
        (
            "OPERATION",
            "PERMISSION",
            "OWNER",
            "GUARDED",
            "STEP-UP",
            "CACHE",
            "DROPS",
            "IF-MATCH",
            "IDEMPOTENCY",
            "LIMIT",
            "EXECUTOR",
            "AUDIT",
            "SUNSET",
        ),
        rows,
    )


def _surface(*, thorough: bool = False) -> "Surface":
    from app.policy.document import DocumentError
    from app.surface import read_surface

    try:
        return read_surface(Settings(), thorough=thorough)
    except DocumentError as error:
        refuse_document(error.faults)


def _as_text(document: dict[str, Any], form: str) -> str:
    if form == "json":
        import orjson

        return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()
    import yaml

    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)
