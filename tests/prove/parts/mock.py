"""The mock responds as its document says, and the README's commands work with it."""

import os
import signal
from pathlib import Path

import httpx

from app.mock.people import PASSWORD
from tests.command import Server
from tests.contract.command import CALLERS, MOCK_PEOPLE, command, mock_environment
from tests.prove.proof import run
from tests.prove.quick_start import mocked, walk

_EXAMPLES = 10
_STARTS = 5
# An idle machine takes less than 1 s; one that is busy with other things doubles that.
_MAX_START_SECONDS = 2.0


def prove(place: Path) -> None:
    """Start a mock, follow the walk, and try it with Schemathesis as each caller."""
    _check_start()
    with mocked(place) as url:
        walk(url, cwd=place, password=PASSWORD)
        httpx.post(f"{url}/mock/reset").raise_for_status()
        for caller in CALLERS:
            print(f"as {caller}", flush=True)
            # A setting that was reset is still there: it has its default.
            options = ["--exclude-checks", "use_after_free", "--max-examples", str(_EXAMPLES), "--seed", "20260131"]
            run(*command(url, caller, *options, people=MOCK_PEOPLE), **mock_environment(url, caller))
    assert "Traceback" not in (place / "mock.log").read_text(encoding="utf-8")


def _check_start() -> None:
    """Check the processor time from the start to the first response, which a busy machine hardly changes."""
    taken = []
    for _ in range(_STARTS):
        began = os.times()
        server = Server("mock", "--port", "0")
        server.address()
        server.end(signal.SIGINT)
        ended = os.times()
        taken.append(ended.children_user + ended.children_system - began.children_user - began.children_system)
    print(f"from start to stop: {min(taken):.2f} s of processor time at best, {max(taken):.2f} at worst")
    assert min(taken) <= _MAX_START_SECONDS, f"a start takes {min(taken):.2f} s of processor time"
