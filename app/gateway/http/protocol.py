"""One connection: uvicorn's, with requests read by our own reader, and unreadable requests rejected our way.

uvicorn's httptools stops at any Upgrade header and loses the body behind it; it also leaves many rules of RFC 9112 to
the server. Everything else of uvicorn's class is used: the cycle of request and response, flow control, pipelining,
keep-alive and shutdown.

After a rejected request nothing more is read, and the connection is closed. A client that does not finish the head of a
request in time is disconnected without a response; uvicorn would wait forever.
"""

import asyncio
from functools import partial
from typing import Any
from urllib.parse import unquote

from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.config import Config
from app.errors import AppError
from app.gateway.http.cycle import BodyCycle, Cycle
from app.gateway.http.rejection import RequestLine, parse_request_line, rejection
from app.gateway.http.request_head import Head, ProtocolError
from app.gateway.http.request_reader import RequestReader

# A response that comes before the end of its request ends the connection. The client gets this long to read it, and
# what it still sends is dropped: closing with unread data resets the connection, and the response may be lost
# (RFC 9112, 9.6).
_LINGER_SECONDS = 2


def protocol_factory(config: Config) -> "partial[Protocol]":
    """Return what uvicorn calls for each connection, as its `http` option."""
    return partial(Protocol, head_seconds=config.head_seconds)


class Protocol(HttpToolsProtocol):
    """One connection.

    Args:
        head_seconds: how long a head may take to arrive, and a new connection may wait before it sends one.
        options: of uvicorn's class.
    """

    _timer: asyncio.TimerHandle | None = None
    # Begun by the data that is being read, and started when all of that data is understood.
    _begun: Cycle | None = None
    # The cycle before a request that waits for its turn.
    _previous: Cycle
    cycle: Cycle
    _is_over = False

    def __init__(self, *, head_seconds: float, **options: Any) -> None:
        super().__init__(**options)
        # Uvicorn's parser takes more memory than our reader, and would live as long as the connection.
        self.parser = None  # type: ignore[assignment]
        self._head_seconds = head_seconds
        self._reader = RequestReader(self)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._start_timer(self._head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timer."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read the data that arrived."""
        if self._is_over:
            return
        self._unset_keepalive_if_required()
        try:
            self._reader.feed(data)
        except ProtocolError as error:
            self._reject_unreadable(error.response_error)
        if self._begun is not None:
            begun, self._begun = self._begun, None
            self._start_asgi_task(begun, self.app)
        if self._timer is None and (self._is_idle() or self._reader.in_head):
            self._start_timer(self._head_seconds)

    def eof_received(self) -> bool:  # type: ignore[override]
        """Keep the connection for a client that sends no more but may still read, unless a request is incomplete."""
        if self._is_over or self._is_idle() or self._reader.in_body or self._reader.in_head:
            return False
        self.cycle.keep_alive = False
        return True

    def _start_timer(self, seconds: float) -> None:
        self._timer = self.loop.call_later(seconds, self._on_timeout)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _on_timeout(self) -> None:
        if self._is_over or self._is_idle():
            self.transport.close()
        else:
            # A response is still on its way to a client that has begun its next request.
            self.cycle.keep_alive = False

    def on_head(self, head: Head) -> None:
        """Begin a request; uvicorn's own way to do so asks its parser."""
        self._stop_timer()
        path = head.path.decode("ascii")
        self.scope = {
            "type": "http",
            "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
            "http_version": head.version,
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme or "http",
            "method": head.method,
            "root_path": self.root_path,
            "path": self.root_path + (unquote(path) if "%" in path else path),
            "raw_path": self.root_path.encode("ascii") + head.path,
            "query_string": head.query,
            "headers": head.headers,
            "state": self.app_state.copy(),
        }
        previous = self.cycle
        self.cycle = (BodyCycle if head.length is None or head.expects else Cycle)(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=head.expects,
            keep_alive=head.keep_alive,
            on_response=self.on_response_complete,
        )
        if previous is None or previous.response_complete:
            self._begun = self.cycle
        else:
            self._previous = previous
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def on_body(self, body: bytes) -> None:
        """Hand on a part of the body; after the response nobody needs it."""
        if not self.cycle.response_complete:
            self.cycle.body += body
            if len(self.cycle.body) > HIGH_WATER_LIMIT:
                self.flow.pause_reading()
            self.cycle.message_event.set()

    def on_end(self) -> None:
        """Note that the body is complete."""
        if not self.cycle.response_complete:
            self.cycle.more_body = False
            self.cycle.message_event.set()

    def on_response_complete(self) -> None:
        """Go on to the next request, unless this was the last."""
        super().on_response_complete()
        if self.cycle.is_last:
            self._linger()

    def _reject_unreadable(self, error: AppError) -> None:
        """Reject a request; while responses to earlier requests are pending, they are the last ones instead."""
        if not self._reader.in_body:
            if self._is_idle():
                self._reject(error, parse_request_line(self._reader.opening))
            else:
                self.cycle.keep_alive = False
            return
        broken = self.cycle
        broken.keep_alive = False
        if self.pipeline and self.pipeline[0][0] is broken:
            self.pipeline.popleft()
            self.cycle = self._previous
            self.cycle.keep_alive = False
        elif broken.response_started:
            if broken.response_complete:
                self._linger()
        elif broken is self._begun or (isinstance(broken, BodyCycle) and broken.is_read):
            self._begun = None
            self._reject_body(error)
        elif isinstance(broken, BodyCycle):
            # The request is being worked on, so far without its body.
            broken.on_broken_body = lambda: self._reject_body(error)

    def _reject_body(self, error: AppError) -> None:
        self.cycle.disconnected = True
        self.cycle.message_event.set()
        self._reject(error, RequestLine(self.scope["method"].encode("ascii"), self.scope["raw_path"]))

    def _reject(self, error: AppError, line: RequestLine) -> None:
        """Send the response to a request that cannot be read, and close the connection."""
        if not line.method:
            self.logger.warning("Invalid HTTP request received.")
        self.flow.resume_reading()
        self.transport.write(rejection(error, line, self.server_state.default_headers))
        self._linger()

    def _linger(self) -> None:
        """Send nothing more, and close when the client does, or soon."""
        self._is_over = True
        self._stop_timer()
        self._unset_keepalive_if_required()
        if self.transport.can_write_eof() and not self.transport.is_closing():
            self.transport.write_eof()
            self._start_timer(_LINGER_SECONDS)
        else:
            self.transport.close()
