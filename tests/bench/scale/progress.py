"""How far the filling has come: a bar on a terminal, a plain line now and then elsewhere."""

import sys
from time import monotonic
from typing import TextIO

_WIDTH = 30
_BAR_SECONDS, _LINE_SECONDS = 0.2, 10.0


class Progress:
    """Shows how many rows are there, how fast they come, and when all of them will be.

    Args:
        total: rows that will be written.
        output: standard error by default.
        quiet: print nothing.
    """

    def __init__(self, total: int, output: TextIO | None = None, *, quiet: bool = False) -> None:
        self._total = total
        self._quiet = quiet
        self._output = output or sys.stderr
        self._bar = self._output.isatty()
        self._begun = self._told = monotonic()
        self._what = ""
        self.done = 0

    def begin(self, what: str) -> None:
        """Say what is being done from now on."""
        self._what = what
        if self._bar:
            self._tell()

    def advance(self, rows: int) -> None:
        """Count rows that were written."""
        self.done += rows
        if monotonic() - self._told >= (_BAR_SECONDS if self._bar else _LINE_SECONDS):
            self._tell()

    def end(self) -> None:
        """Leave the last line standing."""
        self._what = "done"
        self._tell()
        if self._bar and not self._quiet:
            self._output.write("\n")

    def line(self, seconds: float) -> str:
        """Return the line after so many seconds."""
        share = self.done / self._total if self._total else 1.0
        rate = self.done / seconds if seconds > 0 else 0.0
        left = f"{_clock((self._total - self.done) / rate)} left" if rate > 0 and share < 1 else _clock(seconds)
        return f"{share:4.0%}  {self.done:>10,} rows  {rate:>9,.0f}/s  {left}  {self._what}"

    def _tell(self) -> None:
        self._told = monotonic()
        if self._quiet:
            return
        line = self.line(self._told - self._begun)
        if self._bar:
            full = round(_WIDTH * self.done / self._total) if self._total else _WIDTH
            self._output.write(f"\r[{'#' * full:<{_WIDTH}}] {line}\x1b[K")
        else:
            self._output.write(f"{line}\n")
        self._output.flush()


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
