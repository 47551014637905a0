"""`on_begin` of a unit of work: called as soon as the transaction begins, part of it, and able to end it."""

from collections.abc import Callable

import pytest

from app.database import Database, run, transaction, unit_of_work
from tests.integration.test_connections import INSERT, count


class Stop(Exception):
    pass


def writing(calls: list[int], error: Exception | None = None) -> Callable[[], None]:
    def first() -> None:
        calls.append(len(calls))
        run(INSERT, ("first",))
        if error:
            raise error

    return first


def test_it_comes_once_before_the_work_and_is_committed_with_it(database: Database) -> None:
    calls: list[int] = []
    with unit_of_work(on_begin=writing(calls)):
        assert calls == []
        with transaction():
            assert calls == [0]
            run(INSERT, ("work",))
            with transaction():
                run(INSERT, ("more",))
        with transaction():
            run(INSERT, ("last",))
        assert count(database) == 0
    assert calls == [0]
    assert count(database) == 4


def test_work_without_a_transaction_calls_nothing(database: Database) -> None:
    calls: list[int] = []
    with unit_of_work(on_begin=writing(calls)):
        run("SELECT 1")
    assert calls == []


def test_what_it_raises_leaves_the_block_and_undoes_it(database: Database) -> None:
    with pytest.raises(Stop), unit_of_work(on_begin=writing([], Stop())), transaction():
        pytest.fail("the work began")
    assert count(database) == 0
    with transaction():
        run(INSERT, ("later",))
    assert count(database) == 1


def test_a_transaction_that_begins_after_a_failed_one_calls_again(database: Database) -> None:
    calls: list[int] = []
    with unit_of_work(on_begin=writing(calls)):
        with pytest.raises(Stop), transaction():
            raise Stop
        with transaction():
            run(INSERT, ("again",))
    assert calls == [0, 1]
    assert count(database) == 2
