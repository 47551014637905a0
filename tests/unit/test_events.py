"""The list of events: read from its file, held to its form."""

from pathlib import Path

import pytest

from app.spec.checks.extension_keys import extension_validators
from app.spec.document import DocumentError
from app.spec.events import GRAMMAR, load_events
from tests.unit.small_document import write


def test_an_event_tells_whether_the_command_leaves_it(tmp_path: Path) -> None:
    events = load_events(write(tmp_path, {}) / "events.yaml")

    assert {name: event.by_command for name, event in events.items()} == {"user.updated": False, "user.fixed": True}
    assert str(events["user.fixed"].place) == "openapi/events.yaml:2"


def test_a_document_without_the_list_has_no_events(tmp_path: Path) -> None:
    assert load_events(tmp_path / "events.yaml") == {}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("updated: {description: x}", "openapi/events.yaml:1: updated is not a valid event."),
        ("\na.b: {}", "openapi/events.yaml:2: a.b must have a description"),
        ("a.b: {description: x, roles: []}", "openapi/events.yaml:1: a.b must have a description, and no other key"),
        ("a.b: {description: ' '}", "openapi/events.yaml:1: a.b has no description."),
        ("a.b: {description: x, by: me}", "openapi/events.yaml:1: a.b has `by: me`. Write `by: cli`, or remove it."),
        ("a.b: x\na.b: y", "openapi/events.yaml:2: The key `a.b` is here twice"),
        ("[]", "openapi/events.yaml:1: This file is not a mapping."),
    ],
)
def test_the_list_of_events_is_held_to_its_form(tmp_path: Path, text: str, fault: str) -> None:
    path = write(tmp_path, {"events.yaml": text}) / "events.yaml"
    with pytest.raises(DocumentError) as caught:
        load_events(path)
    assert [str(line).startswith(fault) for line in caught.value.faults].count(True) == 1


def test_what_may_be_listed_may_be_named() -> None:
    for name in ("user.updated", "user", "User.updated", "user.up.dated", "user_a.b_1"):
        assert bool(GRAMMAR.fullmatch(name)) == extension_validators()["operation"]["x-audit"].is_valid(name)
