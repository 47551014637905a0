"""The changes as a text for the people who call the API, in Markdown."""

from collections.abc import Iterable, Sequence

from app.spec.diff.changes import Change, Severity

_TITLES = {Severity.BREAKING: "Breaking changes", Severity.ADDITIVE: "New"}


def changelog(changes: Sequence[Change], version: str) -> str:
    """Return a section for a changelog.

    Args:
        changes: the worst first.
        version: of the new document.
    """
    lines = [f"## {version}", ""]
    for severity, title in _TITLES.items():
        found = [change for change in changes if change.severity is severity]
        if found:
            lines += [f"### {title}", "", *dict.fromkeys(_line(change) for change in found), ""]
    texts = [change for change in changes if change.severity is Severity.COSMETIC]
    if texts:
        names = sorted({name for change in texts for name in change.operations})
        about = f" of {_joined(names)}" if names else ""
        lines += [f"Texts, examples and the like{about} have changed. Clients need not change.", ""]
    if not changes:
        lines += ["Nothing has changed for clients.", ""]
    return "\n".join(lines)


def _line(change: Change) -> str:
    return f"- **{_joined(change.operations)}**: {change.text}" if change.operations else f"- {change.text}"


def _joined(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(listed) if len(listed) <= 4 else f"{', '.join(listed[:3])} and {len(listed) - 3} more operations"
