"""A plug-in of pytest for `make prove PART=calendar`: a moment passes between the tests of a run, or the run fails.

The clock is set shortly before that moment when every process has imported the tests, and none has begun one.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

CLOCK, MOMENT = "WALL_CLOCK", "PROVE_MOMENT"
# Enough to make the databases and run some tests before the moment, and not so long as all of them take.
_BEFORE = timedelta(seconds=15)


def pytest_configure(config: pytest.Config) -> None:
    """Count in the process that began the run: the others report to it."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Passing(datetime.fromisoformat(os.environ[MOMENT])))


def put_ahead(clock: Path, seconds: int) -> None:
    """Set the clock of all programs that go by a file: wall_clock.c."""
    with clock.open("r+b" if clock.exists() else "wb") as file:
        file.write(seconds.to_bytes(8, "little", signed=True))


class _Passing:
    def __init__(self, moment: datetime) -> None:
        self._moment = moment
        self._ready: set[object] = set()
        self._before = self._after = 0

    def pytest_xdist_node_collection_finished(self, node: object) -> None:
        self._ready.add(node)
        if len(self._ready) == 2:
            clock = Path(os.environ[CLOCK])
            further = self._moment - _BEFORE - datetime.now(UTC)
            put_ahead(clock, int.from_bytes(clock.read_bytes(), "little", signed=True) + round(further.total_seconds()))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.start < self._moment.timestamp():
            self._before += 1
        elif report.when == "call":
            self._after += 1

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        print(f"\n{self._before} tests began before {self._moment:%Y-%m-%d %H:%M:%S}, and {self._after} after it")
        if not (self._before and self._after):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
