"""`charter spec release`: keep the present document as the one that clients know."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app import resources
from app.cli.errors import CommandError, raise_document_errors
from app.cli.project import current_project, released_folder
from app.cli.spec_diff import describe
from app.config import Config

if TYPE_CHECKING:
    from app.spec.document import Document


@click.command(short_help="Write the document to openapi/released.")
def release() -> None:
    """Write the bundle of the document to openapi/released/VERSION.json, which never changes after that.

    VERSION is info.version. It must be higher than that of the newest release: the major number, if a change breaks
    clients; the minor number, if clients can do more; else the last one. charter spec lint must find no fault.
    """
    from app.pipeline.contract import read_contract
    from app.spec.document import DocumentError
    from app.spec.released import write_release

    project = current_project()
    if project is None and resources.CHECKOUT is None:
        raise CommandError("charter spec release works in a project or a checkout: this is an installed release")
    try:
        document = read_contract(Config(), project=project, thorough=True).published
    except DocumentError as error:
        raise_document_errors(error.faults)
    folder = released_folder()
    _check_version(document, folder)
    path = write_release(folder, document.bundle)
    click.echo(f"wrote {path.relative_to(folder.parents[1])}; add it and checksums.json to git")


def _check_version(document: "Document", folder: Path) -> None:
    from app.spec.diff import Source, compare, read_source, worst
    from app.spec.released import lowest_version, parse_version, releases

    written = str(document.bundle["info"]["version"])
    version = parse_version(written)
    if version is None:
        raise CommandError(f"info.version is {written!r}: write three numbers, such as 1.0.0")
    found = releases(folder)
    if not found:
        return
    last = found[-1]
    if any(release.version == version for release in found):
        raise CommandError(f"{written} is released, and a release never changes: raise info.version")
    changes = compare(
        read_source(str(last.path)), Source("now", document.bundle, document), today=datetime.now(UTC).date()
    )
    severity = worst(changes)
    lowest = lowest_version(last.version, severity)
    if version < lowest:
        reasons = [describe(change) for change in changes if change.severity is severity][:10]
        needed = ".".join(map(str, lowest))
        raise CommandError(
            *reasons, f"info.version {written} is too low after {last.path.stem}: write {needed} or higher"
        )
