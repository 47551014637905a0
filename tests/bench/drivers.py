"""What sends the load: wrk if it is installed, else oha, else bombardier from the Go module proxy, else Python.

All are compiled but the last one. Only wrk sends requests that depend on the last response; with another driver, our
own does that in Python.
"""

import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.bench import traffic, wrk
from tests.bench.driver import (
    HOST,
    PATIENCE_SECONDS,
    Caller,
    LoadError,
    Measured,
    NoResponseError,
    load,
)
from tests.bench.traffic import Request
from tests.prove import pins
from tests.prove.proof import Skipped
from tests.prove.tools import fetch_go

Repeats = Callable[[int, Request, float, int], Measured]
"""Sends one request again and again: port, request, seconds, connections."""
WithTokens = Callable[[int, Sequence[str], float], Measured]
"""Sends requests with these tokens to a port for some seconds."""


@dataclass(frozen=True, slots=True)
class Driver:
    """What sends the load.

    Attributes:
        name: what it is called, for people.
        repeat: sends the same request again and again.
        refresh: the same for users who each send the refresh token that they just received.
    """

    name: str
    repeat: Repeats
    refresh: WithTokens


def choose(place: Path) -> Driver:
    """Return the driver of this machine.

    Args:
        place: where a driver that is fetched is kept.
    """
    if program := shutil.which("wrk"):
        return _wrk(program, place)
    if program := shutil.which("oha"):
        return replace(PYTHON, name="oha; Python for requests that differ", repeat=_oha(program))
    try:
        program = str(fetch_go(place, pins.BOMBARDIER))
    except Skipped as reason:
        return replace(PYTHON, name=f"Python, which needs much of its core: install wrk ({reason})")
    return replace(PYTHON, name="bombardier; Python for requests that differ", repeat=_bombardier(program))


def _wrk(program: str, place: Path) -> Driver:
    def repeat(port: int, request: Request, seconds: float, connections: int) -> Measured:
        return wrk.run(program, port, request.path, wrk.same(request), seconds, place, connections)

    def refresh(port: int, tokens: Sequence[str], seconds: float) -> Measured:
        return wrk.run(program, port, traffic.REFRESH_PATH, wrk.refreshes(tokens), seconds, place)

    return Driver(f"wrk ({program})", repeat, refresh)


def _python(port: int, request: Request, seconds: float, connections: int) -> Measured:
    return load(port, traffic.callers(request, connections), seconds, warm_up=0)


def _python_refresh(port: int, tokens: Sequence[str], seconds: float) -> Measured:
    return load(port, [Caller(traffic.refreshing(token)) for token in tokens], seconds, warm_up=0)


PYTHON = Driver("Python", _python, _python_refresh)
"""Our own. It shows the response that is not 2xx."""


def _oha(program: str) -> Repeats:
    def repeat(port: int, request: Request, seconds: float, connections: int) -> Measured:
        words = [program, "--no-tui", "--output-format", "json", "-z", f"{seconds}s", "-c", str(connections)]
        words += ["-t", f"{PATIENCE_SECONDS:.0f}s", "-m", request.method]
        body = ["-d", request.body] if request.body else []
        return read_oha(_run([*words, *_headers(request), *body], port, request))

    return repeat


def read_oha(output: str) -> Measured:
    """Return what oha measured.

    Raises:
        LoadError: a response was not 2xx, or did not come, or there is no result.
    """
    found = _json("oha", output)
    statuses = {status: count for status, count in found["statusCodeDistribution"].items() if status[0] != "2"}
    # Requests that are under way at the end are counted as errors of this text.
    errors = {what: count for what, count in found["errorDistribution"].items() if "deadline" not in what}
    if statuses or errors:
        raise LoadError(f"responses that were not 2xx, or did not come: {statuses | errors}")
    if not found["statusCodeDistribution"]:
        raise NoResponseError
    seconds = found["latencyPercentiles"]
    slowest = found["summary"]["slowest"]
    return Measured(found["summary"]["requestsPerSec"], seconds["p50"] * 1e3, seconds["p99"] * 1e3, slowest * 1e3)


def _bombardier(program: str) -> Repeats:
    def repeat(port: int, request: Request, seconds: float, connections: int) -> Measured:
        words = [program, "--print=result", "--format=json", "--latencies", f"--duration={seconds}s"]
        words += [f"--connections={connections}", f"--timeout={PATIENCE_SECONDS:.0f}s", f"--method={request.method}"]
        body = [f"--body={request.body}"] if request.body else []
        return read_bombardier(_run([*words, *_headers(request), *body], port, request))

    return repeat


def read_bombardier(output: str) -> Measured:
    """Return what bombardier measured.

    Raises:
        LoadError: a response was not 2xx, or did not come, or there is no result.
    """
    found = _json("bombardier", output)["result"]
    bad = {name: found[name] for name in ("req1xx", "req3xx", "req4xx", "req5xx", "others") if found.get(name)}
    if bad:
        raise LoadError(f"responses that were not 2xx, or did not come: {bad}")
    if not found["req2xx"]:
        raise NoResponseError
    latency = found["latency"]
    times = (latency["percentiles"]["50"], latency["percentiles"]["99"], latency["max"])
    return Measured(found["req2xx"] / found["timeTakenSeconds"], *(microseconds / 1000 for microseconds in times))


def _headers(request: Request) -> list[str]:
    return [word for name, value in request.headers.items() for word in ("-H", f"{name}: {value}")]


def _run(words: Sequence[str], port: int, request: Request) -> str:
    command = [*words, f"http://{HOST}:{port}{request.path}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LoadError(f"{Path(words[0]).name} failed: {(done.stderr or done.stdout).strip()[:500]}")
    return done.stdout


def _json(name: str, output: str) -> Any:
    try:
        return json.loads(output)
    except ValueError as error:
        raise LoadError(f"{name} wrote no result: {output.strip()[-500:]}") from error
