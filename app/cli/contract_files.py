"""The files of `charter contract`: the reports that it writes, and the earlier one that it compares with."""

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.errors import CommandError

if TYPE_CHECKING:
    from app.contract_kit.run import Outcome

_USAGE = 2


class Files:
    """Where the reports go. It is known before the run that they can be written.

    Args:
        folder: gets report.json and report.html; None: nobody wants them.
        junit: gets the report for CI; None: nobody wants it.

    Raises:
        CommandError: they cannot be written.
    """

    def __init__(self, folder: Path | None, junit: Path | None) -> None:
        self._folder, self._junit = folder, junit
        if folder is not None:
            _make("--report", folder)
        if junit is not None:
            _make("--junit", junit.parent)

    def tell(self, outcome: "Outcome", earlier: dict[str, Any] | None) -> None:
        """Write the reports, and print the summary.

        Args:
            earlier: the report to compare with; None: it is not compared.

        Raises:
            CommandError: the disk is full, or a folder is gone.
        """
        from app.contract_kit.report.compare import worse
        from app.contract_kit.report.data import report
        from app.contract_kit.report.html import page
        from app.contract_kit.report.junit import junit
        from app.contract_kit.report.summary import summary

        made = report(outcome)
        differences = worse(earlier, made) if earlier is not None else None
        click.echo(summary(made, worse=differences))
        folder = self._folder
        if folder is not None:
            _write("--report", folder / "report.json", json.dumps(made, indent=1))
            _write("--report", folder / "report.html", page(made, worse=differences))
        if self._junit is not None:
            _write("--junit", self._junit, junit(made))
        if folder is not None:
            click.echo(f"The report is {folder / 'report.html'}")


def read_report(path: Path) -> dict[str, Any]:
    """Return an earlier report.

    Raises:
        CommandError: it is something else, or of another version of the kit.
    """
    from app.contract_kit.report.compare import worse
    from app.contract_kit.report.data import VERSION

    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, dict) or found["report_version"] != VERSION:
            raise ValueError
        # Reads all of it that a comparison needs.
        worse(found, found)
    except OSError as error:
        raise CommandError(f"--compare {path} cannot be read: {error.strerror}", exit_code=_USAGE) from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise CommandError(
            f"{path} is no report.json of this version of charter contract: name the one of an earlier run",
            exit_code=_USAGE,
        ) from error
    return found


def _make(option: str, folder: Path) -> None:
    """Make a folder, and see whether a file can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _cannot(option, folder, error) from error


def _write(option: str, path: Path, text: str) -> None:
    """Write a whole file, or nothing."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise _cannot(option, path, error) from error


def _cannot(option: str, path: Path, error: OSError) -> CommandError:
    return CommandError(f"{option} {path} cannot be written: {error.strerror}: name another place", exit_code=_USAGE)
