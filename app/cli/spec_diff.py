"""`charter spec diff`: what has changed for clients between two documents."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app import resources
from app.cli.errors import CommandError
from app.cli.help_examples import example
from app.cli.printing import print_json, printable
from app.cli.project import current_project, document_root, released_folder

if TYPE_CHECKING:
    from app.spec.diff import Change, Source

_BREAKING, _CANNOT = 1, 2


@click.command(
    short_help="Compare two documents, and say what breaks clients.",
    epilog=example(
        "charter spec diff                                      # the newest release, and the document here",
        "charter spec diff --changelog                          # the same, as a text for clients",
        "charter spec diff https://accounts.example.com         # a deployment, and the document here",
        "charter spec diff openapi/released/1.0.0.json new.json # two files",
    ),
)
@click.argument("old", required=False)
@click.argument("new", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the changes as JSON.")
@click.option("--changelog", "as_changelog", is_flag=True, help="Print a section of a changelog, in Markdown.")
def diff(old: str | None, new: str | None, as_json: bool, as_changelog: bool) -> None:
    """Compare the document NEW with OLD. Each change is breaking, additive or cosmetic.

    OLD and NEW are bundles in JSON, root files in YAML, or addresses. The address of a deployment means its
    /openapi.json. Without OLD, it is the newest file of openapi/released; without NEW, the document of this release
    or of the project.

    The rules are in docs/versioning.md. Exit codes: 0, nothing breaks clients; 1, something does; 2, the documents
    cannot be compared.
    """
    if as_json and as_changelog:
        raise click.UsageError("--json and --changelog exclude each other: choose one")
    from app.spec.diff import Severity, SourceError, changelog, compare, worst

    try:
        before, after = _read_both(old or _newest_release(), new or _shown(document_root()))
    except SourceError as error:
        raise CommandError(printable(str(error)), exit_code=_CANNOT) from error
    changes = compare(before, after, today=datetime.now(UTC).date())
    if as_json:
        print_json([_as_json(change) for change in changes])
    elif as_changelog:
        click.echo(printable_lines(changelog(changes, after.version)), nl=False)
    else:
        _print(changes, before, after)
    if worst(changes) is Severity.BREAKING:
        raise click.exceptions.Exit(_BREAKING)


def printable_lines(text: str) -> str:
    """Return a text of several lines with everything escaped that could control the terminal."""
    return "".join(f"{printable(line)}\n" for line in text.split("\n"))


def describe(change: "Change") -> str:
    """Return a change as one line."""
    place = change.place or f"{change.pointer} of the {change.document} document"
    return printable(f"{place}: {change.severity}: {_subject(change.operations)}{change.text} [{change.rule.id}]")


def _subject(operations: Sequence[str]) -> str:
    if not operations:
        return ""
    more = f" and {len(operations) - 1} more" if len(operations) > 1 else ""
    return f"{operations[0]}{more}: "


def _print(changes: "Sequence[Change]", before: "Source", after: "Source") -> None:
    from app.spec.diff import Severity

    for change in changes:
        click.echo(describe(change))
    counts = Counter(change.severity for change in changes)
    told = ", ".join(f"{counts[severity]} {severity}" for severity in Severity)
    versions = printable(f"from {before.version} ({before.name}) to {after.version} ({after.name})")
    click.echo(f"{told}, {versions}")


def _as_json(change: "Change") -> dict[str, Any]:
    return {
        "severity": change.severity,
        "rule": change.rule.id,
        "operations": change.operations,
        "document": change.document,
        "pointer": change.pointer,
        "file": change.place and change.place.file,
        "line": change.place and change.place.line,
        "text": change.text,
    }


def _newest_release() -> str:
    from app.spec.released import releases

    found = releases(released_folder())
    if not found:
        raise CommandError(
            "no document is released yet: name the document to compare with, or run charter spec release",
            exit_code=_CANNOT,
        )
    return _shown(found[-1].path)


def _read_both(old: str, new: str) -> "tuple[Source, Source]":
    from app.pipeline.contract_files import read_files
    from app.spec.diff import Source, read_sources
    from app.spec.document import DocumentError

    project = current_project()
    if project is None or Path(new).resolve() != project.document.resolve():
        return read_sources(old, new)
    try:
        document = read_files(resources.OPENAPI / "openapi.yaml", project).document.published()
    except DocumentError as error:
        raise CommandError(*(printable(str(fault)) for fault in error.faults), exit_code=_CANNOT) from error
    return read_sources(old, Source(new, document.bundle, document))


def _shown(path: Path) -> str:
    """Return a path from the working directory, if it is below it."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
