"""Places in the files of the document, and the faults there."""

from collections.abc import Iterable
from typing import NamedTuple

INHERITED = "charter:"
"""In a project, what the names of Charter's own files begin with: `charter:paths/user.yaml`."""


class Place(NamedTuple):
    """A line of a file; the first line is 1."""

    file: str
    line: int

    @property
    def inherited(self) -> bool:
        """Whether it is in a file of Charter's, in the document of a project."""
        return self.file.startswith(INHERITED)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Fault(NamedTuple):
    """One thing wrong with the document.

    Attributes:
        place: where it is.
        message: what is wrong, a sentence.
        fix: how to fix it, an imperative sentence.
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
