"""Whether the document that is served breaks clients of the one that was released."""

from datetime import UTC, datetime

from app.contract_kit.kit import Kit
from app.spec.diff import Severity, Source, compare


def check(kit: Kit) -> None:
    """Compare the served document with the released one, if one was given."""
    released = kit.options.released
    if released is None:
        kit.gap("", "the released document", "none was given: name one with --released", accepted=True)
        return
    before, after = Source("released", dict(released)), Source("served", dict(kit.document.source))
    for change in compare(before, after, today=datetime.now(UTC).date()):
        if change.severity is Severity.BREAKING:
            name = change.operations[0] if change.operations else ""
            kit.expect(False, f"{change.text} [{change.rule.id}]", operation=name)
    kit.expect(True, "")
