"""The tests that meet dates pass while a month, a year and a leap day end, and two years from today."""

import os
import subprocess
from calendar import isleap
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.prove.passing import CLOCK, MOMENT, put_ahead
from tests.prove.proof import PYTEST, ROOT, needed, run

_DATABASE = ("append_only", "audit_move", "audit_rows", "audit_size", "audit_view", "batched_decisions", "maintenance")
_RECORDS = ("query_counts", "rotation_cost", "session_settings", "stored_responses", "two_roles")
_SERVICES = ("activity", "activity_periods", "audit_search", "chores", "clock_offset", "refresh", "user_statistics")
_OPERATIONS = ("get_activity_stats", "get_user_stats", "list_audit_events", "list_sessions", "refresh")
_COMMANDS = ("audit_walk", "cli_migrate", "clocks", "project_data", "scale_filling", "walks_by_cursor")
_TESTS = (
    "tests/house/test_released.py",
    *(f"tests/unit/test_{name}.py" for name in ("identifiers", "spec_diff", "sunset")),
    *(f"tests/integration/database/test_{name}.py" for name in (*_DATABASE, *_RECORDS)),
    "tests/integration/database/test_migrations.py::test_migrating_twice_runs_each_migration_once",
    "tests/integration/doctor",
    *(f"tests/integration/services/test_{name}.py" for name in _SERVICES),
    *(f"tests/integration/operations/test_{name}.py" for name in _OPERATIONS),
    *(f"tests/integration/test_{name}.py" for name in _COMMANDS),
)
_LATER = "two years from today"


def prove(place: Path) -> None:
    """Run the tests with a clock that passes the end of each period, and with one of another year."""
    compiler = needed("cc", package="gcc libc6-dev", purpose="give the tests and their servers another clock")
    library = place / "wall_clock.so"
    run(compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(ROOT / "tests" / "prove" / "wall_clock.c"))
    now = datetime.now(UTC)
    # The clock of a run that passes an end is set again when the tests are about to begin.
    failed = [name for end, name in ends(now).items() if not _passes(library, name, end - timedelta(hours=1), end)]
    if not _passes(library, _LATER, now + timedelta(days=2 * 365)):
        failed.append(_LATER)
    assert not failed, f"tests failed at: {', '.join(failed)}"


def ends(now: datetime) -> dict[datetime, str]:
    """Return the next ends of a month, a year and a leap day; where two are the same, it is there once."""
    year = now.replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    month = (year.replace(month=now.month) + timedelta(days=31)).replace(day=1)
    marches = [year.replace(year=number, month=3) for number in range(now.year, now.year + 9) if isleap(number)]
    leap_day = next(march for march in marches if march > now)
    return {month: "a month ends", year.replace(year=now.year + 1): "a year ends", leap_day: "a leap day ends"}


def _passes(library: Path, name: str, begin: datetime, end: datetime | None = None) -> bool:
    """Return whether the tests pass with a clock that begins at a moment, some before an end if one is given."""
    print(f"-- {name}: {end or begin:%Y-%m-%d %H:%M:%S}", flush=True)
    clock = library.with_name("wall_clock")
    put_ahead(clock, round((begin - datetime.now(UTC)).total_seconds()))
    variables = {"LD_PRELOAD": str(library), CLOCK: str(clock)}
    words = [*PYTEST, "-p", "no:cacheprovider", *_TESTS]
    if end is not None:
        words += ["-p", "tests.prove.passing"]
        variables[MOMENT] = end.isoformat()
    return subprocess.run(words, cwd=ROOT, env={**os.environ, **variables}, check=False).returncode == 0
