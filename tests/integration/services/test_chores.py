"""Chores of a project: one process of all runs each at its interval, and no run outlives its limit."""

import threading
from datetime import timedelta

import pytest

from app.context.chores import Chore, chore, chore_of
from app.database import jobs, run, transaction
from app.database.jobs import RepeatedJob
from app.errors import Unavailable
from app.services.chores import run_if_due

EVERY, LIMIT = timedelta(hours=1), timedelta(minutes=5)
WRITE = "INSERT INTO settings (id, key, value) VALUES (gen_random_uuid(), %s, '1')"


def made(work, every=EVERY, limit=LIMIT):
    return Chore("services.tidy.up", work, every, limit)


def ask(world, work, *, times=1):
    return [run_if_due(made(work), world.context()) for _ in range(times)]


def test_of_many_who_ask_at_once_one_runs_it(world):
    ran = []
    asked = world.together(*[lambda: run_if_due(made(lambda _: ran.append(1)), world.context())] * 8)
    assert (sorted(asked), ran) == ([False] * 7 + [True], [1])


def test_it_runs_again_after_its_interval_and_not_before(world):
    assert ask(world, lambda _: None, times=2) == [True, False]
    world.wait(minutes=59)
    assert ask(world, lambda _: None) == [False]
    world.wait(minutes=1)
    assert ask(world, lambda _: None, times=2) == [True, False]


def test_a_run_that_fails_is_over_and_the_next_one_comes_as_usual(world):
    def fail(_):
        raise LookupError("nothing to tidy")

    with pytest.raises(LookupError):
        ask(world, fail)
    assert ask(world, lambda _: None) == [False]
    world.wait(hours=1)
    assert ask(world, lambda _: None) == [True]


def test_a_run_that_never_ended_is_given_up_after_the_limit(world):
    begun, done = threading.Event(), threading.Event()

    def hang(_):
        begun.set()
        done.wait(30)

    thread = threading.Thread(target=ask, args=(world, hang))
    thread.start()
    begun.wait(30)
    world.wait(minutes=4)
    assert ask(world, lambda _: None) == [False]
    world.wait(minutes=1)
    assert ask(world, lambda _: None) == [True]
    done.set()
    thread.join()
    # The end of the first run does not count as that of the second.
    assert run("SELECT ended_at - started_at < interval '1 minute' FROM charter_chore_runs") == [(True,)]


@pytest.mark.parametrize(("reason", "again"), [("shutdown", True), ("deadline", False)])
def test_a_run_that_is_cancelled_commits_nothing_more(world, reason, again):
    job = RepeatedJob("chore", "services.tidy.up")

    def write_twice(_):
        with transaction():
            run(WRITE, ("before",))
        job.cancel(reason)
        with transaction():
            run(WRITE, ("after",))

    jobs.set_current(job)
    try:
        with pytest.raises(Unavailable):
            ask(world, write_twice)
    finally:
        jobs.set_current(None)
    assert run("SELECT key FROM settings") == [("before",)]
    # The end of a server is no fault of the chore: another process may run it at once.
    assert ask(world, lambda _: None) == [again]


def test_the_decorator_names_the_chore_and_refuses_what_is_no_interval():
    @chore(every=EVERY)
    def tidy(_):
        """Do nothing."""

    found = chore_of(tidy)
    assert found is not None
    assert (found.every, found.limit) == (EVERY, LIMIT)
    assert found.name.endswith("tidy")
    for wrong in (60, timedelta(milliseconds=999)):
        with pytest.raises(ValueError, match="every must be a timedelta of at least one second"):
            chore(every=wrong)
