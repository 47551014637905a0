"""The differences between two documents, each with what it means for the clients of the first."""

from app.spec.diff.changelog import changelog
from app.spec.diff.changes import Change, Severity, worst
from app.spec.diff.document import compare
from app.spec.diff.rules import RULES
from app.spec.diff.sources import Source, SourceError, read_source, read_sources

__all__ = [
    "RULES",
    "Change",
    "Severity",
    "Source",
    "SourceError",
    "changelog",
    "compare",
    "read_source",
    "read_sources",
    "worst",
]
