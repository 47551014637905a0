"""What a call of the Python package costs beside the same request by httpx alone: one client, one call at a time.

The clients run in this process. The verdict compares the processor time of a call here, which does not depend on how
quickly the server responds. The two of a pair take turns every few calls, because the machine changes from one moment
to the next.
"""

import asyncio
import importlib
import sys
import zipfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import httpx

from app.resources import OPENAPI
from app.sdk.python import build_python
from app.spec.document import load
from tests.bench.driver import HOST, LoadError, summarise
from tests.bench.processes import LOAD_CORE, ROOT, busy_seconds
from tests.bench.shares import Shares
from tests.bench.traffic import EMAIL, ME_PATH
from tests.bench.works import Entrant, Round

TURN = 25
"""How many calls a client makes in a row."""


def clients(port: int, token: str, folder: Path) -> dict[str, Entrant]:
    """Build the package, and return the clients that read an account, ready to be measured.

    Args:
        port: of the server.
        token: an access token of the account.
        folder: for the package.
    """
    package, url = _installed(folder), f"http://{HOST}:{port}"
    headers = {"Authorization": f"Bearer {token}"}

    def take(seconds: float) -> tuple[Round, Round]:
        with httpx.Client(base_url=url, headers=headers) as bare, package.Charter(url, access_token=token) as ours:
            return _measure(
                lambda: str(bare.get(ME_PATH).raise_for_status().json()["data"]["email"]),
                lambda: str(ours.me.get_me().email),
                seconds,
            )

    async def atake(seconds: float) -> tuple[Round, Round]:
        async with (
            httpx.AsyncClient(base_url=url, headers=headers) as bare,
            package.AsyncCharter(url, access_token=token) as ours,
        ):

            async def call_bare() -> str:
                return str((await bare.get(ME_PATH)).raise_for_status().json()["data"]["email"])

            async def call() -> str:
                return str((await ours.me.get_me()).email)

            return await _ameasure(call_bare, call, seconds)

    threads, tasks = Pair(take), Pair(lambda seconds: asyncio.run(atake(seconds)))
    return {
        "httpx": threads.first,
        "package": threads.second,
        "httpx, async": tasks.first,
        "package, async": tasks.second,
    }


def _installed(folder: Path) -> Any:
    bundle = load(OPENAPI / "openapi.yaml").bundle
    wheel, _ = build_python(bundle, layer=ROOT / "sdk" / "python", licence=ROOT / "LICENSE", output=folder / "built")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    sys.path.insert(0, str(folder / "installed"))
    return importlib.import_module("charter_client")


class Pair:
    """Two clients that are measured together; the round of the second is that of the first before it."""

    def __init__(self, take: Callable[[float], tuple[Round, Round]]) -> None:
        self._take = take
        self._other: list[Round] = []

    def first(self, seconds: float) -> Round:
        """Measure both for so many seconds each, and return the round of the first."""
        one, other = self._take(seconds)
        self._other.append(other)
        return one

    def second(self, _: float) -> Round:
        """Return the round of the second."""
        return self._other.pop()


class _Meter:
    """Adds up the turns of a client."""

    def __init__(self) -> None:
        self._passed = self._used = self._busy = 0.0
        self._latencies: list[float] = []

    def begin(self) -> None:
        """Begin a turn."""
        self._marks = process_time(), busy_seconds(LOAD_CORE)
        self._began = self._last = perf_counter()

    def count(self, email: str) -> None:
        """Count a call with what it read."""
        if email != EMAIL:
            raise LoadError(f"The client read the account {email}.")
        now = perf_counter()
        self._latencies.append(now - self._last)
        self._last = now

    def end(self) -> float:
        """End the turn; return how long all turns took."""
        self._passed += self._last - self._began
        self._used += process_time() - self._marks[0]
        self._busy += busy_seconds(LOAD_CORE) - self._marks[1]
        return self._passed

    def round(self) -> Round:
        """Return the figures; the share of a core is that of this process."""
        shares = Shares(self._used / self._passed, 0, 0, 0, self._used / self._passed, self._busy / self._passed)
        return Round(summarise(self._latencies, self._passed), shares)


def _measure(one: Callable[[], str], other: Callable[[], str], seconds: float) -> tuple[Round, Round]:
    pair = (_Meter(), one), (_Meter(), other)
    for _ in range(TURN):
        one()
        other()
    passed = 0.0
    while passed < seconds:
        for meter, call in pair:
            meter.begin()
            for _ in range(TURN):
                meter.count(call())
            passed = meter.end()
    return pair[0][0].round(), pair[1][0].round()


async def _ameasure(
    one: Callable[[], Awaitable[str]], other: Callable[[], Awaitable[str]], seconds: float
) -> tuple[Round, Round]:
    pair = (_Meter(), one), (_Meter(), other)
    for _ in range(TURN):
        await one()
        await other()
    passed = 0.0
    while passed < seconds:
        for meter, call in pair:
            meter.begin()
            for _ in range(TURN):
                meter.count(await call())
            passed = meter.end()
    return pair[0][0].round(), pair[1][0].round()
