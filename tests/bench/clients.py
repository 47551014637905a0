"""What a call of the Python package costs beside the same request by httpx alone: one client, one call at a time.

The clients run in this process. The verdict compares the processor time of a call here, which does not depend on how
quickly the server responds.
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
from tests.bench.driver import HOST, WARM_UP_SECONDS, LoadError, summarise
from tests.bench.processes import LOAD_CORE, ROOT, busy_seconds
from tests.bench.traffic import EMAIL, ME_PATH
from tests.bench.works import Entrant, Round


def clients(port: int, token: str, folder: Path) -> dict[str, Entrant]:
    """Build the package, and return the clients that read an account, ready to be measured.

    Args:
        port: of the server.
        token: an access token of the account.
        folder: for the package.
    """
    package, url = _installed(folder), f"http://{HOST}:{port}"
    headers = {"Authorization": f"Bearer {token}"}

    def bare(seconds: float) -> Round:
        with httpx.Client(base_url=url, headers=headers) as client:
            return _measure(lambda: str(client.get(ME_PATH).raise_for_status().json()["data"]["email"]), seconds)

    def sdk(seconds: float) -> Round:
        with package.Charter(url, access_token=token) as client:
            return _measure(lambda: str(client.me.get_me().email), seconds)

    async def abare(seconds: float) -> Round:
        async with httpx.AsyncClient(base_url=url, headers=headers) as client:

            async def call() -> str:
                return str((await client.get(ME_PATH)).raise_for_status().json()["data"]["email"])

            return await _ameasure(call, seconds)

    async def asdk(seconds: float) -> Round:
        async with package.AsyncCharter(url, access_token=token) as client:

            async def call() -> str:
                return str((await client.me.get_me()).email)

            return await _ameasure(call, seconds)

    return {
        "httpx": bare,
        "package": sdk,
        "httpx, async": lambda seconds: asyncio.run(abare(seconds)),
        "package, async": lambda seconds: asyncio.run(asdk(seconds)),
    }


def _installed(folder: Path) -> Any:
    bundle = load(OPENAPI / "openapi.yaml").bundle
    wheel, _ = build_python(bundle, layer=ROOT / "sdk" / "python", licence=ROOT / "LICENSE", output=folder / "built")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    sys.path.insert(0, str(folder / "installed"))
    return importlib.import_module("charter_client")


class _Meter:
    """Counts the calls of a round, after those that warm up."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._warm = perf_counter() + WARM_UP_SECONDS
        self._began = self._last = self._used = self._busy = 0.0
        self._latencies: list[float] = []

    def goes_on(self) -> bool:
        """Return whether there is another call; between two calls, count the one that has ended."""
        now = perf_counter()
        if self._began:
            self._latencies.append(now - self._last)
        elif now >= self._warm:
            self._began, self._used, self._busy = now, process_time(), busy_seconds(LOAD_CORE)
        self._last = now
        return not self._began or now < self._began + self._seconds

    def round(self) -> Round:
        """Return the figures; the share of a core is that of this process."""
        passed = self._last - self._began
        share, busy = process_time() - self._used, busy_seconds(LOAD_CORE) - self._busy
        return Round(summarise(self._latencies, passed), share / passed, busy / passed)


def _measure(call: Callable[[], str], seconds: float) -> Round:
    meter = _Meter(seconds)
    while meter.goes_on():
        _check(call())
    return meter.round()


async def _ameasure(call: Callable[[], Awaitable[str]], seconds: float) -> Round:
    meter = _Meter(seconds)
    while meter.goes_on():
        _check(await call())
    return meter.round()


def _check(email: str) -> None:
    if email != EMAIL:
        raise LoadError(f"The client read the account {email}.")
