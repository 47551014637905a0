"""The load: a few keep-alive connections, each sending its next request as soon as the last response is complete.

It does what wrk does, in one event loop on one core, so that a request may also depend on the response before it. It
reads only as much HTTP as the measured servers send, and connects only to the loopback address.
"""

import asyncio
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from math import ceil
from time import perf_counter
from typing import cast

import uvloop

HOST = "127.0.0.1"
CONNECTIONS = 16
WARM_UP_SECONDS = 0.5
PATIENCE_SECONDS = 60.0

Script = Generator[bytes, bytes, None]
"""Yields the next request, is sent the body of its response."""


class LoadError(Exception):
    """A server sent something other than 2xx, closed the connection, or sent nothing."""


class NoResponseError(LoadError):
    """A server sent nothing in the whole round."""

    def __init__(self, who: str = "the server") -> None:
        super().__init__(f"{who} sent not one response in the whole round")


@dataclass(frozen=True, slots=True)
class Measured:
    """One round of one server.

    Attributes:
        rate: responses a second.
        p50, p99, slowest: latencies in milliseconds.
    """

    rate: float
    p50: float
    p99: float
    slowest: float


class Caller:
    """One user of the server: a script and its next request. It outlives the connections it is used on."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self.request = next(script)

    def hear(self, body: bytes) -> None:
        """Take the body of a response and prepare the request that follows it."""
        self.request = self._script.send(body)


def repeat(request: bytes) -> Script:
    """Return a script that sends the same request forever."""
    while True:
        yield request


def load(port: int, callers: Sequence[Caller], seconds: float, warm_up: float = WARM_UP_SECONDS) -> Measured:
    """Load a server with one connection for each caller.

    Args:
        port: of a server on the loopback address.
        seconds: how long responses are counted, after `warm_up` seconds in which they are not.

    Returns:
        What was counted; every request that was begun has its response when this returns.

    Raises:
        LoadError: with the first response that is not 2xx.
    """
    return uvloop.run(_load(port, callers, seconds, warm_up))


def beside(port: int, crowd: Sequence[Caller], light: Caller) -> Measured:
    """Measure one caller while each of a crowd waits for one response.

    Returns:
        The latencies of `light`, which asks as often as it can, from the moment the crowd's requests are out until all
        of them have theirs.

    Raises:
        LoadError: with the first response that is not 2xx.
    """
    return uvloop.run(_beside(port, crowd, light))


def summarise(latencies: list[float], seconds: float) -> Measured:
    """Return the figures of a round.

    Args:
        latencies: of every response counted, in seconds; sorted in place.
        seconds: how long they were counted.

    Raises:
        NoResponseError: there is none.
    """
    if not latencies:
        raise NoResponseError
    latencies.sort()

    def percentile(share: float) -> float:
        return latencies[ceil(share * len(latencies)) - 1] * 1000

    return Measured(len(latencies) / seconds, percentile(0.5), percentile(0.99), percentile(1))


def read_response(data: bytes) -> tuple[int, bytes] | None:
    """Return the status and the body of an HTTP/1.1 response, or None while it is incomplete.

    Raises:
        LoadError: the response does not say how long it is.
    """
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    head, start = data[: end + 2].lower(), end + 4
    status = int(head[9:12])
    at = head.find(b"\r\ncontent-length:")
    if at >= 0:
        stop = start + int(head[at + 17 : head.index(b"\r\n", at + 2)])
        return (status, data[start:stop]) if len(data) >= stop else None
    if b"\r\ntransfer-encoding: chunked\r\n" in head:
        body = _dechunk(data, start)
        return None if body is None else (status, body)
    if status in (204, 304):
        return status, b""
    raise LoadError(f"a response without a length: {head!r}")


def _dechunk(data: bytes, start: int) -> bytes | None:
    parts: list[bytes] = []
    while (line := data.find(b"\r\n", start)) >= 0:
        size = int(data[start:line].split(b";")[0], 16)
        start = line + 2
        if len(data) < start + size + 2:
            return None
        if not size:
            return b"".join(parts)
        parts.append(data[start : start + size])
        start += size + 2
    return None


class _Connection(asyncio.Protocol):
    """One connection; `proceed` is asked with (sent, received) after each response whether to send another request."""

    def __init__(self, caller: Caller, proceed: Callable[[float, float], bool]) -> None:
        self._caller = caller
        self._proceed = proceed
        self._held = b""
        self._sent = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one, yet not a subclass

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(f"the connection was closed before the response: {exc or 'end of file'}; request {self._asked()}")

    def send(self) -> None:
        self._sent = perf_counter()
        self._transport.write(self._caller.request)

    def data_received(self, data: bytes) -> None:
        if self._held:
            data = self._held + data
        try:
            response = read_response(data)
        except LoadError as error:
            self._fail(str(error))
            return
        if response is None:
            self._held = data
            return
        self._held = b""
        status, body = response
        if not 200 <= status < 300:
            self._fail(f"{self._asked()} returned {status}: {body[:500].decode(errors='replace')}")
            return
        try:
            self._caller.hear(body)
        except (KeyError, TypeError, ValueError) as error:
            self._fail(f"{self._asked()} returned what its script does not expect, {error!r}: {body[:500]!r}")
            return
        if self._proceed(self._sent, perf_counter()):
            self.send()
        else:
            self.done.set_result(None)

    def close(self) -> None:
        if not self.done.done():
            self.done.cancel()
        self._transport.abort()

    def _asked(self) -> str:
        return self._caller.request.split(b" HTTP/", 1)[0].decode(errors="replace")

    def _fail(self, why: str) -> None:
        if not self.done.done():
            self.done.set_exception(LoadError(why))


async def _connect(port: int, caller: Caller, proceed: Callable[[float, float], bool]) -> _Connection:
    try:
        _, connection = await asyncio.get_running_loop().create_connection(
            lambda: _Connection(caller, proceed), HOST, port
        )
    except OSError as error:
        raise LoadError(f"no connection to port {port}: {error}") from error
    return connection


async def _finish(connections: Sequence[_Connection], seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await asyncio.gather(*(connection.done for connection in connections))
    except TimeoutError as error:
        raise LoadError(f"no response {PATIENCE_SECONDS:.0f} s after the round ended") from error
    finally:
        for connection in connections:
            connection.close()


async def _load(port: int, callers: Sequence[Caller], seconds: float, warm_up: float) -> Measured:
    latencies: list[float] = []
    begin = end = 0.0

    def proceed(sent: float, received: float) -> bool:
        if begin <= received < end:
            latencies.append(received - sent)
        return received < end

    connections = [await _connect(port, caller, proceed) for caller in callers]
    begin = perf_counter() + warm_up
    end = begin + seconds
    for connection in connections:
        connection.send()
    await _finish(connections, warm_up + seconds + PATIENCE_SECONDS)
    return summarise(latencies, seconds)


async def _beside(port: int, crowd: Sequence[Caller], light: Caller) -> Measured:
    latencies: list[float] = []
    waiting = len(crowd)

    def one_response(sent: float, received: float) -> bool:
        nonlocal waiting
        waiting -= 1
        return False

    def proceed(sent: float, received: float) -> bool:
        latencies.append(received - sent)
        return waiting > 0

    lone = await _connect(port, light, proceed)
    connections = [await _connect(port, caller, one_response) for caller in crowd]
    begin = perf_counter()
    for connection in [*connections, lone]:
        connection.send()
    await _finish([*connections, lone], PATIENCE_SECONDS)
    return summarise(latencies, perf_counter() - begin)
