"""Where a thing of the document stands, and what is to be mended there."""

from collections.abc import Iterable
from typing import NamedTuple


class Place(NamedTuple):
    """A line of a file, as an editor counts it: from one."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Fault(NamedTuple):
    """One thing wrong with the document.

    Attributes:
        message: what is wrong, a sentence.
        mend: what to do about it, a sentence.
    """

    place: Place
    message: str
    fix: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message} {self.fix}"


class DocumentError(Exception):
    """A document that cannot be served.

    Attributes:
        faults: all of them, ordered by file and line, each once.
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = sorted(set(faults))
        super().__init__("\n".join(map(str, self.faults)))
