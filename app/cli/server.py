"""The server of one process: uvicorn's server, with a stop that loses no request.

It stops in three phases. While it *drains*, it serves as before, but /health returns 503 and every response closes its
connection, so that load balancers and clients use other servers. Then it *closes* the port: no new connection begins,
and those that the kernel has already made are accepted. Then it *finishes*: running requests get their responses, and
those that take longer than the grace period get a 503.
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

from app.cli import starting
from app.cli.listening import SERVER, Names, accept_pending, listen_error, refuse_new_connections
from app.cli.stopping import ignore_stops, is_left_alone

# Time for handshakes that have begun when new connections are refused: a round trip, or one packet sent again.
_LAST_HANDSHAKES_SECONDS = 0.25
# How long a connection may wait for its first request after the port is closed.
_FIRST_REQUEST_SECONDS = 2.0
# A signal can reach the parent and its workers together. How long the message of the parent may then take.
_MESSAGE_SECONDS = 0.3
_STOP = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_MAX_CHECK_INTERVAL_SECONDS = 5.0
_BYTES_A_SECOND = 1024

log = structlog.get_logger("charter.serve")


def _nothing() -> None:
    """Do nothing."""


class Server(uvicorn.Server):
    """Serves until it gets a signal to stop.

    Args:
        config: the configuration of uvicorn.
        drain_seconds: how long it drains.
        send_seconds: how long a client may take to read a response, plus one second for each KiB.
        ready: called when connections are accepted.
        heartbeat: called about every second while the event loop runs.
        drain: called when it starts to drain.
        closes_port: returns whether the port closes with this process. If not, other processes go on accepting on the
            same socket, and this one stops without a drain.
        names: what sets the host and the port, for messages.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        drain_seconds: float,
        send_seconds: float,
        ready: Callable[[], None] = _nothing,
        heartbeat: Callable[[], None] = _nothing,
        drain: Callable[[], None] = _nothing,
        closes_port: Callable[[], bool] = lambda: True,
        names: Names = SERVER,
    ) -> None:
        super().__init__(config)
        self._drain_seconds = drain_seconds
        self._send_seconds = send_seconds
        self._ready = ready
        self._heartbeat = heartbeat
        self._drain = drain
        self._closes_port = closes_port
        self._names = names
        self._next_check = 0.0
        self._slow: dict[Any, tuple[Any, float]] = {}

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, then listen.

        Raises:
            CommandError: another process has begun to listen on the port since it was bound.
        """
        try:
            await super().startup(sockets)
        except OSError as error:
            host, port = sockets[0].getsockname()[:2] if sockets else ("", 0)
            raise listen_error(error, host, port, self._names) from error
        starting.end()
        self._ready()

    async def on_tick(self, counter: int) -> bool:
        """Do the work of every tenth of a second; return whether to stop."""
        if counter % 10 == 0:
            self._heartbeat()
        if time.monotonic() > self._next_check:
            self._next_check = time.monotonic() + min(_MAX_CHECK_INTERVAL_SECONDS, self._send_seconds / 4)
            self._drop_slow_readers()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain, close the port, finish."""
        sockets = sockets or []
        if not self._closes_port():
            # The signal may have come before the message that all workers stop.
            await self._serve_for(_MESSAGE_SECONDS)
        closes_port = self._closes_port()
        if closes_port:
            self._drain()
        self._close_keep_alive()
        if closes_port:
            await self._serve_for(self._drain_seconds)
            for listener in sockets:
                refuse_new_connections(listener)
            await self._serve_for(_LAST_HANDSHAKES_SECONDS)
            await self._accept_pending(sockets)
        for server in self.servers:
            server.close()
        for listener in sockets:
            listener.close()
        await self._finish()
        if self.force_exit:
            # The application is not shut down: its tasks are cancelled, and uvicorn would log a trace of that.
            logging.getLogger("uvicorn.error").disabled = True
        else:
            await self.lifespan.shutdown()

    async def _accept_pending(self, sockets: list[socket.socket]) -> None:
        for listener in sockets:
            for accepted in accept_pending(listener):
                await asyncio.get_running_loop().connect_accepted_socket(self._protocol, accepted)

    def _close_keep_alive(self) -> None:
        self.config.encoded_headers.append((b"connection", b"close"))
        self.server_state.default_headers = [*self.server_state.default_headers, (b"connection", b"close")]
        for connection in self._connections():
            if connection.cycle is not None and not connection.cycle.response_complete:
                connection.cycle.keep_alive = False

    def _connections(self) -> list[Any]:
        return list(self.server_state.connections)

    async def _serve_for(self, seconds: float) -> None:
        """Go on serving for some seconds."""
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
            await self._serve_for(0.05)
        for task in state.tasks:
            task.cancel()
        if state.tasks:
            log.warning("grace_over", requests=len(state.tasks))
            # Each gets a 503, which takes a few turns of the event loop.
            await asyncio.sleep(0.1)

    def _protocol(self) -> asyncio.Protocol:
        protocol_class: Any = self.config.http_protocol_class
        protocol: asyncio.Protocol = protocol_class(
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
            _loop=asyncio.get_running_loop(),
        )
        return protocol

    def _drop_slow_readers(self) -> None:
        """Abort connections whose client does not read its response; a close would wait until it is read."""
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
        """Handle signals while serving; after the signal to stop, ignore them."""
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
        """Stop; at the second Ctrl-C, and at SIGQUIT, without waiting for running requests."""
        if sig == signal.SIGQUIT or (sig == signal.SIGINT and self.should_exit):
            self.force_exit = True
        self.should_exit = True


def _is_idle(connection: Any) -> bool:
    """Return whether a connection waits for its next request, of which nothing has arrived."""
    return connection.cycle is not None and connection.timeout_keep_alive_task is not None
