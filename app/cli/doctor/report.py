"""Prints findings: for people as they come, for scripts as one JSON object."""

import json
import os
import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Sequence
from typing import Any

import click

from app.cli.doctor.findings import Finding, Status
from app.cli.errors import FAILED, MISCONFIGURED, UNAVAILABLE

_COLORS = {Status.OK: "green", Status.SKIPPED: "bright_black", Status.WARNING: "yellow", Status.FAILED: "red"}
_STATUS_WIDTH, _NAME_WIDTH = 7, 14
_INDENT = " " * (2 + _STATUS_WIDTH + 2 + _NAME_WIDTH + 2)
_MIN_WIDTH = 72


class Report:
    """Prints findings as they come, by group; only on a terminal it folds and colours lines."""

    def __init__(self) -> None:
        self._group = ""
        self._on_terminal = sys.stdout.isatty()
        self._color = False if os.environ.get("NO_COLOR") else None

    def print_finding(self, finding: Finding) -> None:
        """Print one finding."""
        if finding.group != self._group:
            self._print(("\n" if self._group else "") + click.style(finding.group, bold=True))
            self._group = finding.group
        status = click.style(f"{finding.status:{_STATUS_WIDTH}}", fg=_COLORS[finding.status])
        start = f"  {status}  {finding.name:{_NAME_WIDTH}}  "
        self._print(start + self._folded(finding.found))
        if finding.fix:
            self._print(_INDENT + click.style("fix:", bold=True) + " " + self._folded(finding.fix, further=5))

    def print_summary(self, findings: Sequence[Finding]) -> None:
        """Print the number of findings of each status."""
        counts = Counter(finding.status for finding in findings)
        parts = [
            click.style(f"{counts[status]} {status}", fg=_COLORS[status])
            for status in (Status.FAILED, Status.WARNING, Status.SKIPPED, Status.OK)
            if counts[status]
        ]
        self._print("\n" + ", ".join(parts))

    def _print(self, text: str) -> None:
        click.echo(text, color=self._color)

    def _folded(self, text: str, further: int = 0) -> str:
        if not self._on_terminal:
            return " ".join(text.splitlines())
        width = max(shutil.get_terminal_size().columns, _MIN_WIDTH) - len(_INDENT) - further
        lines = textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
        return ("\n" + _INDENT + " " * further).join(lines)


def as_document(findings: Sequence[Finding]) -> str:
    """Return the findings as JSON: `{"status", "checks": [{"group", "name", "status", "found", "fix"}]}`."""
    bad = {finding.status for finding in findings} & {Status.WARNING, Status.FAILED}
    checks: list[dict[str, Any]] = [
        {name: getattr(finding, name) for name in ("group", "name", "status", "found", "fix")} for finding in findings
    ]
    status = Status.FAILED if Status.FAILED in bad else Status.WARNING if bad else Status.OK
    return json.dumps({"status": status, "checks": checks}, indent=2, ensure_ascii=False)


def exit_code(findings: Sequence[Finding]) -> int:
    """Return the exit code of the command."""
    codes = {finding.exit_code for finding in findings}
    return next((code for code in (MISCONFIGURED, UNAVAILABLE, FAILED) if code in codes), 0)
