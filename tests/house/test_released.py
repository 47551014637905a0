"""Released documents never change, the present one breaks no client of the newest, and every rule is documented."""

import re
from datetime import UTC, date, datetime

import pytest

from app.spec.diff import Severity, Source, compare, read_source, worst
from app.spec.diff.rules import RULES_BY_SUBJECT
from app.spec.document import load
from app.spec.released import (
    CHECKSUMS,
    canonical_json,
    checksum,
    lowest_version,
    parse_version,
    read_checksums,
    releases,
)
from tests.diffs.document import DOCUMENT, READ
from tests.diffs.edit import GONE, Edit, edit
from tests.house.repository import ROOT, check, shown

FOLDER = ROOT / "openapi" / "released"
PAGE = ROOT / "docs" / "versioning.md"
RELEASES = releases(FOLDER)


def breaks(old: Source, new: Source, today: date) -> list[str]:
    """Return the changes that break clients, unless the first number of the version has risen."""
    if (parse_version(new.version) or ())[:1] > (parse_version(old.version) or ())[:1]:
        return []
    changes = compare(old, new, today=today)
    return [
        f"{change.place}: {change.text} [{change.rule.id}]"
        for change in changes
        if change.severity is Severity.BREAKING
    ]


def test_the_present_document_breaks_no_client_of_the_newest_release():
    assert RELEASES, "Run charter spec release."
    document = load(ROOT / "openapi" / "openapi.yaml")
    present = Source("openapi/openapi.yaml", document.bundle, document)
    for release in RELEASES[-1:]:
        found = breaks(read_source(str(release.path)), present, datetime.now(UTC).date())
        check(found, "Undo these changes, or raise the first number of info.version in openapi/openapi.yaml.")
        version = parse_version(present.version)
        assert version is not None, "info.version must have three numbers."
        assert version >= release.version, f"info.version is lower than the release {release.path.stem}."


def test_a_document_that_differs_from_the_newest_release_has_a_higher_version():
    newest = RELEASES[-1]
    document = load(ROOT / "openapi" / "openapi.yaml")
    present = Source("openapi/openapi.yaml", document.bundle, document)
    changes = compare(read_source(str(newest.path)), present, today=datetime.now(UTC).date())
    lowest = lowest_version(newest.version, worst(changes)) if changes else newest.version
    found = parse_version(present.version) or ()
    lines = [f"{change.place}: {change.text}" for change in changes] if found < lowest else []
    check(lines, f"Raise info.version in openapi/openapi.yaml to {'.'.join(map(str, lowest))} or higher.")


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        (edit("remove", "", READ, GONE), True),
        (edit("remove and raise the last number", "", READ, GONE, ("info", "version"), "1.9.9"), True),
        (edit("remove and raise the first number", "", READ, GONE, ("info", "version"), "2.0.0"), False),
        (edit("deprecate", "", (*READ, "deprecated"), True), False),
    ],
    ids=lambda value: value.name if isinstance(value, Edit) else None,
)
def test_the_gate_refuses_what_breaks_clients_unless_the_first_number_rises(change, broken):
    found = breaks(Source("old", DOCUMENT), Source("new", change.applied(DOCUMENT)), date(2026, 11, 30))
    assert bool(found) == broken


def test_a_released_document_never_changes():
    sums = read_checksums(FOLDER)
    files = {path.name: path.read_bytes() for path in FOLDER.glob("*.json") if path.name != CHECKSUMS}
    wrong = [name for name, raw in files.items() if sums.get(name) != checksum(raw)]
    check(wrong, "Restore these files of openapi/released from git: a release never changes.")
    check(sorted(sums.keys() - files.keys()), "Restore these files of openapi/released from git: a release stays.")


@pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.path.stem)
def test_a_release_is_canonical_and_named_after_its_version(release):
    source = read_source(str(release.path))
    assert source.version == release.path.stem
    assert release.path.read_bytes() == canonical_json(source.bundle)
    assert source.document, f"{shown(release.path)} has no lines"


def test_the_page_has_a_table_of_every_rule():
    section = PAGE.read_text(encoding="utf-8").split("\n## The rules\n")[1]
    rows = [tuple(row) for row in re.findall(r"^\| `([a-z-]+)` \| (\w+) \| (.+) \|$", section, re.MULTILINE)]
    known = [(rule.id, str(rule.severity), rule.about) for rules in RULES_BY_SUBJECT.values() for rule in rules]
    check(
        [
            f"| `{name}` | {severity} | {about} |"
            for name, severity, about in known
            if (name, severity, about) not in rows
        ],
        f"Add these lines to {shown(PAGE)}.",
    )
    assert rows == known, f"Put the lines of {shown(PAGE)} in the order of app/spec/diff/rules.py, each once."
    assert re.findall(r"^### (.+)$", section, re.MULTILINE) == list(RULES_BY_SUBJECT)
