"""The findings of a check."""

from enum import StrEnum
from typing import NamedTuple


class Status(StrEnum):
    """The result of a check, best first."""

    OK = "ok"
    SKIPPED = "skipped"
    WARNING = "warning"
    FAILED = "failed"


class Verdict(NamedTuple):
    """One finding of a check.

    Attributes:
        found: what the check found, for people.
        fix: how to fix it; None where there is nothing to fix.
    """

    status: Status
    found: str
    fix: str | None = None


class Finding(NamedTuple):
    """A verdict with the name of its check. A check with several faults gives several findings of one name.

    Attributes:
        exit_code: the exit code of the command because of this; 0 unless the check failed.
    """

    group: str
    name: str
    status: Status
    found: str
    fix: str | None
    exit_code: int


def ok(found: str) -> Verdict:
    """Return the verdict that nothing is wrong."""
    return Verdict(Status.OK, found)


def skipped(reason: str) -> Verdict:
    """Return the verdict that the check could not run."""
    return Verdict(Status.SKIPPED, reason)


def warning(found: str, fix: str) -> Verdict:
    """Return the verdict on something that works, but should be fixed."""
    return Verdict(Status.WARNING, found, fix)


def failed(found: str, fix: str) -> Verdict:
    """Return the verdict on something that does not work, or breaks a promise of Charter."""
    return Verdict(Status.FAILED, found, fix)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural unless the number is one."""
    return f"{number} {noun}{'s' * (number != 1)}"
