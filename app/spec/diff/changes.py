"""What a comparison finds."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from app.spec.document import Place


class Severity(StrEnum):
    """What a change means for a client of the former document, the worst first."""

    BREAKING = "breaking"
    ADDITIVE = "additive"
    COSMETIC = "cosmetic"


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of change.

    Attributes:
        about: what has changed, and why it is as severe as it is.
    """

    id: str
    severity: Severity
    about: str


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    Attributes:
        operations: the operationIds of all operations that it concerns; none if it concerns the whole document.
        pointer: `#/…` in the document that `document` names.
        document: "new"; "old" for what the new document no longer has.
        place: the file and line of the pointer; None for a document that has no lines.
        text: one sentence.
    """

    rule: Rule
    operations: tuple[str, ...]
    pointer: str
    document: str
    place: Place | None
    text: str

    @property
    def severity(self) -> Severity:
        """Return the severity of its rule."""
        return self.rule.severity


def worst(changes: Iterable[Change]) -> Severity | None:
    """Return the worst severity; None without changes."""
    found = {change.severity for change in changes}
    return next((severity for severity in Severity if severity in found), None)
