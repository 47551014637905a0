"""Crowds that refresh with one token while COMMITs are cut off and the trail fills up: nobody is taken for a thief.

`make prove` has forty crowds where `make test` has a few.
"""

import os
import random
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest

from app.context.event import Event
from app.database import bind, run, unit_of_work
from app.errors import Unavailable
from app.services.audit_events import write_event
from app.services.auth import Tokens
from tests.cutting import Cutter, cuttable
from tests.integration.services.conftest import CONNECTIONS, World

CROWDS = int(os.environ.get("CHARTER_TEST_CROWDS", "4"))
CROWD = 50


@pytest.fixture
def cutter(world: World, database_url: str) -> Iterator[Cutter]:
    """The world's way to its database, which can be cut."""
    with cuttable(database_url) as cutter:
        cut = bind(replace(world.dependencies.config, database_url=cutter.url), size=CONNECTIONS)
        yield cutter
        cut.close()
        cut.reset()
        bind(world.dependencies.config, size=CONNECTIONS)


def refresh(world: World, token: str) -> Tokens:
    """Refresh as an operation does: the event is written before the commit."""
    event = Event()
    with unit_of_work():
        tokens = world.refresh(token, event)
        write_event(
            event,
            action="session.refreshed",
            outcome="succeeded",
            reason=None,
            request_id="crowd",
            client=world.home,
            key=b"k" * 32,
            now=world.now,
        )
    return tokens


def fill_up(full: bool) -> None:
    """Let the audit trail take no rows, or let it take them again."""
    run(
        """
        CREATE OR REPLACE FUNCTION full_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            RAISE EXCEPTION 'full' USING ERRCODE = '53100';
        END $$
        """
    )
    run("DROP TRIGGER IF EXISTS full_up ON charter_audit_entries")
    if full:
        run("CREATE TRIGGER full_up BEFORE INSERT ON charter_audit_entries FOR EACH ROW EXECUTE FUNCTION full_up()")


def test_no_crowd_and_no_outage_ends_a_session(world: World, cutter: Cutter) -> None:
    world.person("alice")
    token, luck = world.login("alice").tokens.refresh_token, random.Random(9)

    for number in range(CROWDS):
        fill_up(number % 4 == 3)
        if number % 4 in (1, 2):
            cutter.cut("after" if number % 4 == 1 else luck.choice(["before", "after"]))
        outcomes = world.together(*[partial(refresh, world, token)] * CROWD)

        good = [outcome for outcome in outcomes if isinstance(outcome, Tokens)]
        assert {type(outcome) for outcome in outcomes} <= {Tokens, Unavailable}
        assert len({tokens.refresh_token for tokens in good}) <= 1
        assert len(good) == 0 if number % 4 == 3 else len(good) >= CROWD - 5
        if good:
            token = good[0].refresh_token
        else:
            fill_up(False)
            world.wait(days=1)
            token = refresh(world, token).refresh_token
    world.wait(days=1)

    refresh(world, token)
    assert run("SELECT ended_at FROM sessions") == [(None,)]
    assert cutter.cuts == sum(number % 4 in (1, 2) for number in range(CROWDS))
