"""`charter spec show`: one operation with everything that follows from its keys."""

from typing import TYPE_CHECKING, Any

import click

from app.cli.errors import CommandError
from app.cli.help_examples import example
from app.cli.printing import print_json, printable
from app.cli.project import current_project
from app.cli.yaml_lines import yaml_lines
from app.config import Config

if TYPE_CHECKING:
    from app.spec.document import Document
    from app.spec.operation import Operation

_MARK = "derived"


@click.command(
    short_help="Print an operation in full.",
    epilog=example("charter spec show get_user", "charter spec show get_user --json"),
)
@click.argument("operation")
@click.option("--json/--yaml", "as_json", default=False, help="The format; YAML by default.")
def show(operation: str, as_json: bool) -> None:
    """Print the operation with this operationId as the server sees it.

    The files have only what is special about an operation. What follows from its keys is added when the document is
    read: responses, headers, parameters and security. These parts have the remark "derived". In JSON, `derived` lists
    their pointers.
    """
    from app.pipeline.contract import read_contract

    document = read_contract(Config(), project=current_project()).document
    found = _find(document, operation)
    derived = [pointer[3:] for pointer in document.derived if pointer[:3] == found.pointer]
    if as_json:
        print_json(_as_json(found, derived))
        return
    click.echo(f"# {printable(found.name)} in {found.where()}")
    if derived:
        click.echo(f'# What has the remark "{_MARK}" is not in the file: it follows from the keys of the operation.')
    for line in yaml_lines(found.body, marked=derived, mark=_MARK):
        click.echo(line)


def _find(document: "Document", name: str) -> "Operation":
    from app.spec.operation import operations
    from app.spec.suggestions import suggest

    by_id = {each.body.get("operationId"): each for each in operations(document)}
    if name in by_id:
        return by_id[name]
    fix = suggest(name, filter(None, by_id), "List the operations with charter spec routes.")
    raise CommandError(f"there is no operation {printable(name)}: {fix[0].lower()}{fix[1:]}")


def _as_json(operation: "Operation", derived: list[Any]) -> dict[str, Any]:
    from app.spec.document.tree import write_pointer

    place = operation.where()
    return {
        "method": operation.method.upper(),
        "path": operation.path,
        "file": place.file,
        "line": place.line,
        "operation": operation.body,
        "derived": sorted(write_pointer(pointer)[1:] for pointer in derived),
    }
