"""The server of one process: uvicorn's, with an end that loses no request.

Told to stop, it goes through three phases. While it *drains*, it answers as ever, but /health says 503 and every
response asks for its connection to be closed, so that balancers and clients go elsewhere. Then it *closes* the port:
no connection begins any more, and those that the kernel has made are accepted. Then it *finishes*: requests under way
are answered, and whatever is not answered within the grace gets a 503.
"""

import asyncio
import logging
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import structlog
import uvicorn

from app.cli.listening import refusal_of, take_in, turn_away
from app.cli.stopping import ignore_stops, is_left_alone

# For handshakes under way when the port is closed to new connections: a round trip, or one packet sent again.
_LAST_HANDSHAKES_SECONDS = 0.25
# A new connection may wait this long for its first request once the port is closed.
_FIRST_REQUEST_SECONDS = 2.0
# How long word of the parent may take after a signal that somebody sent to the parent and its workers at once.
_WORD_SECONDS = 0.3
_STOP = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_LONGEST_LOOK_SECONDS = 5.0
_BYTES_A_SECOND = 1024

log = structlog.get_logger("charter.serve")


def _nothing() -> None:
    """Tell nobody."""


class Server(uvicorn.Server):
    """Serves until it is told to stop.

    Args:
        config: uvicorn's.
        drain_seconds: how long it goes on with /health at 503.
        send_seconds: how long a client may take to read a response, and a second more for each KiB.
        ready: called once connections are accepted.
        beat: called about every second as long as the event loop runs.
        drain: called when it starts to drain.
        closes_port: says whether the port closes with this process. False: others go on accepting on the same socket,
            and this process leaves them without a drain.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        drain_seconds: float,
        send_seconds: float,
        ready: Callable[[], None] = _nothing,
        beat: Callable[[], None] = _nothing,
        drain: Callable[[], None] = _nothing,
        closes_port: Callable[[], bool] = lambda: True,
    ) -> None:
        super().__init__(config)
        self._drain_seconds = drain_seconds
        self._send_seconds = send_seconds
        self._ready = ready
        self._beat = beat
        self._drain = drain
        self._closes_port = closes_port
        self._next_look = 0.0
        self._slow: dict[Any, tuple[Any, float]] = {}

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, then listen.

        Raises:
            Refusal: somebody else listens on the port since it was bound.
        """
        try:
            await super().startup(sockets)
        except OSError as error:
            host, port = sockets[0].getsockname()[:2] if sockets else ("", 0)
            raise refusal_of(error, host, port) from error
        self._ready()

    async def on_tick(self, counter: int) -> bool:
        """Do what comes back every tenth of a second; return whether to stop."""
        if counter % 10 == 0:
            self._beat()
        if time.monotonic() > self._next_look:
            self._next_look = time.monotonic() + min(_LONGEST_LOOK_SECONDS, self._send_seconds / 4)
            self._drop_slow_readers()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain, close the port, finish."""
        sockets = sockets or []
        if not self._closes_port():
            # The signal may have come before the word that all shall end.
            await self._go_on(_WORD_SECONDS)
        closes_port = self._closes_port()
        if closes_port:
            self._drain()
        self._ask_to_leave()
        if closes_port:
            await self._go_on(self._drain_seconds)
            for listener in sockets:
                turn_away(listener)
            await self._go_on(_LAST_HANDSHAKES_SECONDS)
            await self._accept_the_last(sockets)
        for server in self.servers:
            server.close()
        for listener in sockets:
            listener.close()
        await self._finish()
        if self.force_exit:
            # The application is not told: what waits in it is cancelled, of which uvicorn would log a trace.
            logging.getLogger("uvicorn.error").disabled = True
        else:
            await self.lifespan.shutdown()

    async def _accept_the_last(self, sockets: list[socket.socket]) -> None:
        for listener in sockets:
            for accepted in take_in(listener):
                await asyncio.get_running_loop().connect_accepted_socket(self._protocol, accepted)

    def _ask_to_leave(self) -> None:
        self.config.encoded_headers.append((b"connection", b"close"))
        self.server_state.default_headers = [*self.server_state.default_headers, (b"connection", b"close")]
        for connection in self._connections():
            if connection.cycle is not None and not connection.cycle.response_complete:
                connection.cycle.keep_alive = False

    def _connections(self) -> list[Any]:
        return list(self.server_state.connections)

    async def _go_on(self, seconds: float) -> None:
        """Serve on for some seconds."""
        end = time.monotonic() + seconds
        counter = 0
        while time.monotonic() < end and not self.force_exit:
            await asyncio.sleep(min(0.1, seconds))
            await self.on_tick(counter)
            counter += 1

    async def _finish(self) -> None:
        closed = time.monotonic()
        state, grace = self.server_state, self.config.timeout_graceful_shutdown or 0
        while (state.connections or state.tasks) and not self.force_exit:
            waited = time.monotonic() - closed
            if waited > grace:
                break
            for connection in self._connections():
                if _is_idle(connection) or (connection.cycle is None and waited > _FIRST_REQUEST_SECONDS):
                    connection.transport.close()
            await self._go_on(0.05)
        for task in state.tasks:
            task.cancel()
        if state.tasks:
            log.warning("grace_over", requests=len(state.tasks))
            # Each is answered with a 503, which takes the event loop a few turns.
            await asyncio.sleep(0.1)

    def _protocol(self) -> asyncio.Protocol:
        make: Any = self.config.http_protocol_class
        made: asyncio.Protocol = make(
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
            _loop=asyncio.get_running_loop(),
        )
        return made

    def _drop_slow_readers(self) -> None:
        """Cut connections whose client leaves a response unread: closing would wait until it is read."""
        now, slow = time.monotonic(), {}
        for connection in self._connections():
            unread = connection.transport.get_write_buffer_size()
            if not unread:
                continue
            known = self._slow.get(connection)
            if known is None or known[0] is not connection.cycle:
                known = (connection.cycle, now + self._send_seconds + unread / _BYTES_A_SECOND)
            if now > known[1]:
                connection.transport.abort()
            else:
                slow[connection] = known
        self._slow = slow

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Heed signals while serving; once told to stop, none of them disturbs what follows."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = [number for number in (*_STOP, signal.SIGQUIT) if not is_left_alone(number)]
        before = {number: signal.signal(number, self.handle_exit) for number in numbers}
        try:
            yield
        finally:
            if self.should_exit:
                ignore_stops()
            else:
                for number, handler in before.items():
                    signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; at the second Ctrl-C, and at SIGQUIT, without waiting for anybody."""
        if sig == signal.SIGQUIT or (sig == signal.SIGINT and self.should_exit):
            self.force_exit = True
        self.should_exit = True


def _is_idle(connection: Any) -> bool:
    """Tell whether a connection waits for its next request, of which nothing has come."""
    return connection.cycle is not None and connection.timeout_keep_alive_task is not None
