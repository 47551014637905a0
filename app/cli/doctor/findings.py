"""What a check says."""

from enum import StrEnum
from typing import NamedTuple


class Status(StrEnum):
    """How it stands, best first."""

    OK = "ok"
    SKIPPED = "skipped"
    WARNING = "warning"
    FAILED = "failed"


class Verdict(NamedTuple):
    """What one check found.

    Attributes:
        found: what is there, for people.
        mend: what to do about it; None where nothing is to be done.
    """

    status: Status
    found: str
    fix: str | None = None


class Finding(NamedTuple):
    """A verdict with the name of its check. A check with several faults gives several findings of one name.

    Attributes:
        exit_code: what the command ends with because of this; 0 unless it failed.
    """

    group: str
    name: str
    status: Status
    found: str
    fix: str | None
    exit_code: int


def ok(found: str) -> Verdict:
    """Return the verdict that all is well."""
    return Verdict(Status.OK, found)


def skipped(reason: str) -> Verdict:
    """Return the verdict that it could not be looked at."""
    return Verdict(Status.SKIPPED, reason)


def warning(found: str, fix: str) -> Verdict:
    """Return the verdict of something that works, but should be mended."""
    return Verdict(Status.WARNING, found, fix)


def failed(found: str, fix: str) -> Verdict:
    """Return the verdict of something that does not work, or breaks what Charter promises."""
    return Verdict(Status.FAILED, found, fix)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it is not one."""
    return f"{number} {noun}{'s' * (number != 1)}"
