"""Settings changed by several at once, read whatever is stored, and told of once."""

import json
import os
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from app.context.event import Event
from app.context.setting_declarations import SettingDeclaration, SettingDeclarations
from app.database import run, transaction
from app.errors import NotFound, PreconditionFailed
from app.observability import logging
from app.services import settings
from tests import leaks
from tests.integration.services.outcomes import kinds
from tests.rows import store_setting, stored_settings
from tests.service import config_for

KEY = "service.notice"
# What anybody who changes this setting waits for.
LOCK = f"SELECT pg_advisory_xact_lock(hashtextextended('charter setting {KEY}', 0))"


def put(world, value: Any, event: Event, expected: tuple[str, ...] | None = None, key: str = KEY):
    return settings.put(world.context(event=event, expected=expected), key, value=value)


def test_writers_at_once_keep_one_chain_of_old_and_new(world) -> None:
    events = [Event() for _ in range(8)]

    world.together(
        *(partial(put, world, f"Number {number}.", event) for number, event in enumerate(events)), behind=LOCK
    )

    steps = {event.details["old"]: event.details["new"] for event in events if event.details}
    assert len(steps) == len(events)
    at, walked = None, 0
    while at in steps:
        at, walked = steps[at], walked + 1
    assert walked == len(events)
    assert stored_settings() == {KEY: at}


def test_a_reset_among_the_writers_is_a_link_of_the_chain(world) -> None:
    put(world, "First.", Event())
    done, undone = Event(), Event()

    world.in_turn(
        partial(settings.reset, world.context(event=undone), KEY), partial(put, world, "Last.", done), behind=LOCK
    )

    assert (undone.details, done.details) == (
        {"key": KEY, "old": "First.", "new": None},
        {"key": KEY, "old": None, "new": "Last."},
    )


def test_of_those_who_saw_the_same_version_one_writes(world) -> None:
    for names in ("abcd", "efgh"):  # without a row, and with one
        seen = (settings.etag(settings.find(world.dependencies, KEY)),)
        writes = [partial(put, world, f"By {name}.", Event(), seen) for name in names]

        outcomes = kinds(world.together(*writes, behind=LOCK))

        assert outcomes == {"CurrentSetting": 1, "PreconditionFailed": 3}


def test_writers_of_different_settings_do_not_wait_for_each_other(world) -> None:
    with transaction():
        run(LOCK)
        [outcome] = world.together(partial(put, world, False, Event(), key="registration.open"))

    assert outcome.value is False


def test_what_is_rolled_back_was_never_set(world) -> None:
    with pytest.raises(ZeroDivisionError), transaction():
        put(world, "Never.", Event())
        raise ZeroDivisionError

    assert stored_settings() == {}
    assert settings.current_values(world.dependencies, KEY) == {KEY: None}


def test_a_row_that_counts_for_nothing_is_told_of_once_and_its_value_never(world) -> None:
    store_setting("registration.invitation_code", ["a secret of another release"])
    store_setting("relic.of_old", 1)
    world.dependencies = replace(
        world.dependencies, setting_declarations=SettingDeclarations(world.dependencies.setting_declarations.by_key)
    )

    logging.configure(config_for(DATABASE_URL=world.dependencies.config.database_url), descriptor=leaks.LOG)
    begin = os.fstat(leaks.LOG).st_size

    for _ in range(3):
        code = settings.current_values(world.dependencies, "registration.invitation_code")
        assert code == {"registration.invitation_code": None}
        settings.list_settings(world.dependencies)

    logging.flush()
    log = os.pread(leaks.LOG, os.fstat(leaks.LOG).st_size - begin, begin).decode()
    told = [json.loads(line) for line in log.splitlines() if "setting_passed_over" in line]
    assert sorted((line["level"], line["key"]) for line in told) == [
        ("warning", "registration.invitation_code"),
        ("warning", "relic.of_old"),
    ]
    assert "another release" not in log


def test_a_value_comes_back_as_the_database_writes_it(world) -> None:
    """The tag of the response to a write is that of the next read, whatever way the number was written."""
    anything = SettingDeclaration(KEY, "Takes whatever comes.", "public", {}, None, lambda _: [])
    world.dependencies = replace(world.dependencies, setting_declarations=SettingDeclarations.of([anything]))

    for value in (1e3, 1.0, -0.0, 1e18, 2**63 - 1, 0.1, 1e-7, {"b": 1, "a": [None, True]}, "\u2028"):
        written = put(world, value, Event())
        read = settings.find(world.dependencies, KEY)
        assert (written.value, settings.etag(written)) == (read.value, settings.etag(read))
        assert read.value == value


def test_one_is_not_true(world) -> None:
    assert not settings._same(1, True)
    assert settings._same({"a": 1, "b": 2}, {"b": 2, "a": 1})


def test_what_nobody_declares_is_not_there(world) -> None:
    for work in (
        partial(settings.find, world.dependencies, "no.such.key"),
        partial(put, world, 1, Event(), key="no.such.key"),
        partial(settings.reset, world.context(), "no.such.key"),
    ):
        with pytest.raises(NotFound):
            work()


def test_a_refused_write_drafts_nothing(world) -> None:
    event = Event()
    with pytest.raises(PreconditionFailed):
        put(world, "Lost.", event, ("999",))
    assert event.details is None
