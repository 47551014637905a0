"""`charter spec docs`: write the tables of the documentation that follow from the document."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import yaml

from app import resources
from app.cli.errors import CommandError, raise_document_errors
from app.cli.project import current_project
from app.cli.writing import read_text, write_file
from app.config import Config

if TYPE_CHECKING:
    from app.pipeline.contract import Contract

_FEATURES = Path("docs", "features")


@click.command(short_help="Write the tables of docs/ that follow from the document.")
@click.option("--check", is_flag=True, help="Write nothing; fail if a page would change.")
def docs(check: bool) -> None:
    """Write the tables of docs/ that follow from the document: in docs/features, the operations of each tag.

    The text around a table stays. A tag without a page gets one. In a checkout of Charter, this also writes the
    variables of docs/configuration.md, the numbers of docs/backend-context.md and docs/features, the codes of
    docs/errors.md, and what follows from each key in openapi/extensions.md. It sorts the terms of docs/glossary.md.
    """
    from app.pipeline.contract import read_contract
    from app.spec.document import DocumentError

    project = current_project()
    root = project.root if project else resources.CHECKOUT
    if root is None:
        raise CommandError("charter spec docs needs a project or a checkout, which has docs/: change to its folder")
    # Some numbers come from tests, which are no part of what is installed.
    sys.path.insert(0, str(root))
    try:
        contract = read_contract(Config(), project=project)
    except DocumentError as error:
        raise_document_errors(error.faults)
    # Every page is read before one is written.
    pages = [(path, read_text(path, root), text) for path, text in _pages(contract, root)]
    written = [(path, before, _with_ends_of(before, text)) for path, before, text in pages]
    changed = [(path, before, text) for path, before, text in written if before != text]
    for path, before, text in changed:
        if not check:
            write_file(path, text.encode(), root, before=None if before is None else before.encode())
        click.echo(f"{'differs' if check else 'wrote'} {path.relative_to(root).as_posix()}")
    if check and changed:
        raise CommandError("these pages do not say what the document says: run charter spec docs")
    if not changed:
        click.echo("every table is up to date")


def _pages(contract: "Contract", root: Path) -> Iterator[tuple[Path, str]]:
    """Yield each page with the text that it should have."""
    from app.spec.derived_table import with_derived_parts
    from app.spec.documentation import (
        new_page,
        with_errors,
        with_numbers,
        with_operations,
        with_sorted_terms,
        with_variables,
    )

    in_project = current_project() is not None
    by_tag: dict[str, list[Any]] = {}
    for policy in contract.policies.values():
        if not policy.inherited:
            by_tag.setdefault(policy.tag, []).append(policy)
    described = {tag["name"]: tag.get("description", "") for tag in contract.document.bundle.get("tags", [])}
    for tag, policies in by_tag.items():
        path = root / _FEATURES / f"{tag}.md"
        text = with_operations(_read(path, root) or new_page(tag, described.get(tag) or tag), policies)
        yield path, text if in_project else with_numbers(text, _component)
    if not in_project:
        components = contract.document.bundle["components"]
        changes: tuple[tuple[str, Callable[[str], str]], ...] = (
            ("docs/backend-context.md", lambda text: with_numbers(text, _component)),
            ("docs/configuration.md", with_variables),
            ("docs/errors.md", lambda text: with_errors(text, contract.document.errors)),
            ("docs/glossary.md", with_sorted_terms),
            ("openapi/extensions.md", lambda text: with_derived_parts(text, components)),
        )
        for name, change in changes:
            before = _read(root / name, root)
            if before is None:
                raise CommandError(f"{name} does not exist: write it, with the table that belongs there")
            yield root / name, change(before)


def _read(path: Path, root: Path) -> str | None:
    text = read_text(path, root)
    return text and text.replace("\r\n", "\n")


def _with_ends_of(before: str | None, text: str) -> str:
    """Return a page with the ends of lines that it had."""
    return text.replace("\n", "\r\n") if before and "\r\n" in before else text


def _component(source: str) -> Any:
    name, _, pointer = source.partition("#/")
    node: Any = yaml.safe_load((resources.OPENAPI / "components" / name).read_text(encoding="utf-8"))
    for step in pointer.split("/"):
        node = node[step]
    return node
