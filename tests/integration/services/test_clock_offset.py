"""How far the machine's clock is from the database's: measured, told as a metric, and warned of once."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from structlog.testing import capture_logs

from app.database import run, transaction
from app.observability import logging
from app.services.clock_offset import ClockWatch, measure
from tests import leaks


@contextmanager
def database_ahead_by(seconds: float) -> Iterator[None]:
    """Have the database tell another time to this thread."""
    run("CREATE SCHEMA IF NOT EXISTS shadow")
    run(
        "CREATE OR REPLACE FUNCTION shadow.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS"
        f" $$ SELECT pg_catalog.clock_timestamp() + interval '{seconds} s' $$"
    )
    with transaction():
        run("SET LOCAL search_path = shadow, pg_catalog, public")
        yield


@pytest.mark.parametrize("ahead", [-20.0, 0.0, 20.0])
def test_the_difference_is_measured_as_well_as_a_round_trip_allows(world, ahead):
    with database_ahead_by(ahead):
        offset = measure()

    assert abs(offset.seconds + ahead) <= offset.doubt + 0.01
    assert abs(ahead) - 0.01 - 2 * offset.doubt <= offset.certain <= abs(ahead) + 0.01


def test_every_check_is_reported_and_a_difference_is_warned_of_once_each_time_it_comes(world):
    told: list[float] = []
    watch = ClockWatch(told.append)
    # A command that an earlier test ran in this process may have left a log that takes errors only.
    logging.configure(world.dependencies.config, descriptor=leaks.LOG)

    with capture_logs() as logs:
        for ahead in (0, -20, -25, 0, 20):
            with database_ahead_by(ahead):
                watch.check()

    assert [round(seconds / 5) * 5 for seconds in told] == [0, 20, 25, 0, -20]
    assert [round(entry["ahead_of_database_seconds"] / 5) * 5 for entry in logs] == [20, -20]
    assert {entry["event"] for entry in logs} == {"clocks_differ"}
