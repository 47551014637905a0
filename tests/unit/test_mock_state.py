"""The rows of the mock: a refused request changes nothing, and no table grows beyond its limit."""

import pytest

from app.errors import Unavailable
from app.mock.state import State
from app.mock.tables import Item, Tables


def made(max_rows: int = 2) -> State:
    return State(Tables, max_rows=max_rows)


def add(state: State, *names: str) -> None:
    for name in names:
        state.add(state.tables.items, ("/v1/books", name), Item(name, 1))


def test_a_request_that_is_refused_changes_nothing_but_what_must_stay() -> None:
    state = made()
    with pytest.raises(ValueError, match="refused"), state.transaction():
        add(state, "a")
        state.tables.last_role_version = 9
        state.even_if_refused(lambda: add(state, "b"))
        raise ValueError("refused")
    assert list(state.tables.items) == [("/v1/books", "b")]
    assert state.tables.last_role_version == 0
    with state.transaction():
        add(state, "c")
    assert len(state.tables.items) == 2


def test_what_must_stay_belongs_to_one_request() -> None:
    state = made()
    with state.transaction():
        state.even_if_refused(lambda: add(state, "a"))
    with pytest.raises(ValueError, match="refused"), state.transaction():
        raise ValueError("refused")
    assert state.tables.items == {}


def test_a_full_table_takes_no_row_and_says_so() -> None:
    state = made()
    add(state, "a", "b", "b")
    with pytest.raises(Unavailable, match=r"The mock has 2 of these, its limit\. Reset it"):
        add(state, "c")


def test_the_oldest_row_gives_way_where_that_does_no_harm() -> None:
    state = made()
    for name in ("a", "b", "b", "c"):
        state.add_latest(state.tables.items, ("/v1/books", name), Item(name, 1))
    assert [name for _, name in state.tables.items] == ["b", "c"]


def test_a_reset_returns_to_the_start() -> None:
    state = made()
    add(state, "a")
    state.reset()
    assert state.tables == Tables()
    assert not state.trail
