"""Cursors: good for the list and caller they were made for, and every other text is refused in the same words."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from app.errors import ValidationError
from app.identifiers import new_id
from app.pipeline.steps.parameters import list_scope
from app.results import Position
from app.security.cursors import Cursors, is_well_formed_position

SECRET = "violet harbour 9 lighthouse pebble"
CURSORS = Cursors([SECRET])
SCOPE = b"the trail, of ada, without filters"


def refusal(text: str, scope: bytes = SCOPE, cursors: Cursors = CURSORS) -> tuple[str, str | None]:
    with pytest.raises(ValidationError) as caught:
        cursors.read(text, scope)
    [violation] = caught.value.details
    return violation.message, violation.field


def test_a_cursor_gives_back_its_id_and_has_one_url_safe_spelling() -> None:
    row = new_id()
    cursor = CURSORS.make(row, SCOPE)

    assert CURSORS.read(cursor, SCOPE) == row
    assert CURSORS.make(row, SCOPE) == cursor
    assert len(cursor) == 64
    assert cursor.replace("-", "").replace("_", "").isalnum()


def test_no_other_text_is_a_cursor_and_none_is_told_from_another() -> None:
    cursor = CURSORS.make(new_id(), SCOPE)
    bits = [
        cursor[:at] + chr(ord(cursor[at]) ^ 1 << bit) + cursor[at + 1 :]
        for at in range(len(cursor))
        for bit in range(7)
    ]
    others = ["", "=", cursor[:-1], cursor + "A", cursor + "=", cursor + "\n", " " + cursor, cursor * 2, cursor.lower()]
    others += [cursor[:-1] + "é", "４" * 64, "A" * 64, cursor[:60] + "====", "+/" * 32, "x" * 512, "\ud800" * 64]

    assert {refusal(text) for text in (*bits, *others)} == {refusal("")}
    assert refusal("")[1] == "cursor"


def test_a_cursor_is_bound_to_its_list_and_its_key() -> None:
    row = new_id()
    cursor = CURSORS.make(row, SCOPE)

    assert refusal(cursor, b"another list") == refusal(cursor, b"") == refusal("")
    assert refusal(Cursors(["somebody else's secret"]).make(row, SCOPE)) == refusal("")


def test_a_cursor_made_with_the_bare_secret_is_forged() -> None:
    body = new_id().bytes
    forged = [hmac.digest(SECRET.encode(), text, "sha256") for text in (body, body + SCOPE, SCOPE + body)]

    assert {refusal(urlsafe_b64encode(body + mac).decode()) for mac in forged} == {refusal("")}


def test_bytes_moved_from_the_id_to_the_list_make_another_cursor() -> None:
    row = UUID(int=7)
    cursor = CURSORS.make(row, b"ab")

    assert refusal(cursor, b"a") == refusal(cursor, b"abc") == refusal("")


def test_a_walk_outlasts_a_change_of_secret_and_not_two() -> None:
    row = new_id()
    before, after = CURSORS.make(row, SCOPE), Cursors(["the next secret of this place", SECRET])

    assert after.read(before, SCOPE) == row
    assert after.make(row, SCOPE) != before
    assert refusal(before, cursors=Cursors(["and one more", "the next secret of this place"])) == refusal("")


def test_without_a_secret_there_are_no_cursors() -> None:
    with pytest.raises(ValueError, match="secret"):
        Cursors([])


def test_a_list_is_its_operation_its_caller_and_every_filter_but_not_its_window() -> None:
    ada, bob = uuid4(), uuid4()
    noon = datetime(2026, 1, 31, 12, tzinfo=UTC)
    scopes = [
        list_scope("list_events", ada, {"q": None, "w": None}),
        list_scope("list_things", ada, {"q": None, "w": None}),
        list_scope("list_events", bob, {"q": None, "w": None}),
        list_scope("list_events", None, {"q": None, "w": None}),
        list_scope("list_events", ada, {"q": "", "w": None}),
        list_scope("list_events", ada, {"q": "null", "w": None}),
        list_scope("list_events", ada, {"q": 'a","w":"b', "w": None}),
        list_scope("list_events", ada, {"q": "a", "w": "b"}),
        list_scope("list_events", ada, {"q": "b", "w": "a"}),
        list_scope("list_events", ada, {"q": 1, "w": None}),
        list_scope("list_events", ada, {"q": "1", "w": None}),
        list_scope("list_events", ada, {"q": ["a", "b"], "w": None}),
        list_scope("list_events", ada, {"q": ["a,b"], "w": None}),
        list_scope("list_events", ada, {"q": noon, "w": None}),
        list_scope("list_events", ada, {"q": noon.replace(microsecond=1), "w": None}),
    ]

    assert len(set(scopes)) == len(scopes)
    one = list_scope("list_events", ada, {"q": "a", "w": "b", "cursor": "x", "limit": 5})
    assert one == list_scope("list_events", ada, {"limit": 50, "w": "b", "q": "a", "cursor": None}) == scopes[7]


POSITIONS = [
    Position("ada@example.com", UUID(int=7)),
    Position("2026-01-31T12:00:00.000001+00:00", new_id()),
    Position("", UUID(int=2**128 - 1)),
    Position("ä" * 300, UUID(int=0)),
]


def position_refusal(text: str, scope: bytes = SCOPE, cursors: Cursors = CURSORS) -> tuple[str, str | None]:
    with pytest.raises(ValidationError) as caught:
        cursors.read_position(text, scope)
    [violation] = caught.value.details
    return violation.message, violation.field


@pytest.mark.parametrize("position", POSITIONS)
def test_the_cursor_of_a_position_gives_it_back_and_does_not_show_it(position: Position) -> None:
    cursor = CURSORS.make_position(position, SCOPE)

    assert CURSORS.read_position(cursor, SCOPE) == position
    assert Cursors(["a newer secret", SECRET]).read_position(cursor, SCOPE) == position
    assert is_well_formed_position(cursor)
    sealed = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    assert position.id.bytes not in sealed
    assert not position.key or position.key.encode() not in sealed


def test_no_other_text_is_the_cursor_of_a_position() -> None:
    position = POSITIONS[0]
    cursor = CURSORS.make_position(position, SCOPE)
    bits = [
        cursor[:at] + chr(ord(cursor[at]) ^ 1 << bit) + cursor[at + 1 :] for at in range(len(cursor)) for bit in (0, 5)
    ]
    others = ["", "=", cursor[:-1], cursor + "A", cursor + "=", cursor * 2, "é" * 64, "A" * 64, "A" * 65, "A" * 1024]
    others += [CURSORS.make(position.id, SCOPE), Cursors(["another secret"]).make_position(position, SCOPE)]

    assert {position_refusal(text) for text in (*bits, *others)} == {refusal("")}
    assert position_refusal(cursor, b"another list") == refusal(cursor) == refusal("")


def test_what_moves_from_a_position_into_its_list_makes_another_cursor() -> None:
    """The value and the list are signed together; none of the one may be taken for the other."""
    cursor = CURSORS.make_position(Position("ada", UUID(int=7)), b"list")

    assert cursor != CURSORS.make_position(Position("adal", UUID(int=7)), b"ist")
    assert position_refusal(cursor, b"alist") == refusal("")


def test_a_position_that_no_cursor_can_hold_is_an_error() -> None:
    with pytest.raises(ValueError, match="shorter than 800 characters"):
        CURSORS.make_position(Position("k" * 800, UUID(int=7)), SCOPE)
