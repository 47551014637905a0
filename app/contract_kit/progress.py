"""Tells how far a run is: a line that is rewritten at a terminal, with an estimate, and plain lines elsewhere."""

import time
from typing import TextIO

_WIDTH = 78
_EVERY = 20


class Progress:
    """Writes to a stream.

    Args:
        stream: where to.
        total: the sum of the shares of all stages.
    """

    def __init__(self, stream: TextIO, total: int) -> None:
        self._stream, self._total = stream, total
        self._live = stream.isatty()
        self._began = time.monotonic()
        self._done = 0
        self._name = ""
        self._share = 0

    def begin(self, name: str, title: str, share: int) -> None:
        """Say which stage begins."""
        self._name, self._share = f"{name}: {title}", share
        if self._live:
            self._write(f"{self._bar()} {self._name}{self._left()}")

    def sent(self, number: int) -> None:
        """Say how many requests were sent."""
        if self._live and number % _EVERY == 0:
            self._write(f"{self._bar()} {self._name}, {number} requests{self._left()}")

    def waiting(self, seconds: float) -> None:
        """Say that the run waits for a limit."""
        if seconds >= 1:
            line = f"{self._name}: waiting {seconds:.0f} s for a limit"
            self._write(line) if self._live else print(line, file=self._stream, flush=True)

    def clear(self) -> None:
        """Remove the line that is rewritten, so that something else can be written."""
        if self._live:
            self._write("")

    def end(self, outcome: str, seconds: float) -> None:
        """Say how the stage ended."""
        self._done += self._share
        self.clear()
        print(f"{outcome:8} {self._name} ({seconds:.1f} s)", file=self._stream, flush=True)

    def _write(self, text: str) -> None:
        self._stream.write(f"\r{text[:_WIDTH]:{_WIDTH}}\r{text[:_WIDTH]}")
        self._stream.flush()

    def _bar(self) -> str:
        full = round(20 * self._done / max(self._total, 1))
        return f"[{'#' * full}{'.' * (20 - full)}]"

    def _left(self) -> str:
        if not self._done:
            return ""
        spent = time.monotonic() - self._began
        return f", about {spent * (self._total - self._done) / self._done:.0f} s left"
