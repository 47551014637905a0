"""One connection: uvicorn's, with requests read by our own reader, and what it refuses answered our way.

uvicorn's httptools stops at any Upgrade header and loses the body behind it; it also leaves many rules of RFC 9112 to
the server. Of uvicorn's class everything else is used: the cycle of request and response, flow control, pipelining,
keep-alive and shutdown.

A refused request gets its answer in the envelope as long as it begins as a request does; what is not HTTP at all gets
a plain 400. Either way nothing behind it is read, and the connection is closed.

Who does not finish the head of a request in time is disconnected without an answer; uvicorn would wait for ever.
"""

import asyncio
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app.errors import AppError
from app.gateway.http.cycle import BodyCycle, Cycle
from app.gateway.http.request_head import Head, Refused
from app.gateway.http.request_reader import RequestReader
from app.gateway.response_sender import DEFAULT_HEADERS
from app.identifiers import new_id
from app.observability.logging import log_request
from app.pipeline.envelope import error_response

_REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) ([^ ?#]{0,300})")
_PLAIN = [(b"content-type", b"text/plain; charset=utf-8")]
# After a response that comes before the end of its request the client is given this long to read it, and what it still
# sends is thrown away: a connection closed with unread data is reset, and the response may be lost (RFC 9112, 9.6).
_LINGER_SECONDS = 2


class Protocol(HttpToolsProtocol):
    """One connection.

    Attributes:
        head_seconds: how long a head may take to arrive, and a new connection to send one; the factory sets it for
            the process, as uvicorn makes these objects by itself.
    """

    head_seconds: float = 15
    _patience: asyncio.TimerHandle | None = None
    # Begun by what is being read, and started when all of that is understood.
    _begun: Cycle | None = None
    # The one before a request that waits for its turn.
    _before: Cycle
    cycle: Cycle
    _is_over = False

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._reader = RequestReader(self)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._wait(self.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what arrived."""
        if self._is_over:
            return
        self._unset_keepalive_if_required()
        try:
            self._reader.feed(data)
        except Refused as refused:
            self._end(refused.error)
        if self._begun is not None:
            begun, self._begun = self._begun, None
            self._start_asgi_task(begun, self.app)
        if self._patience is None and (self._has_answered() or self._reader.in_head):
            self._wait(self.head_seconds)

    def eof_received(self) -> bool:  # type: ignore[override]
        """Answer a client that sends no more but may still read; what has not come whole by now never will."""
        if self._is_over or self._has_answered() or self._reader.in_body or self._reader.in_head:
            return False
        self.cycle.keep_alive = False
        return True

    def _wait(self, seconds: float) -> None:
        self._patience = self.loop.call_later(seconds, self._hang_up)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _has_answered(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _hang_up(self) -> None:
        if self._is_over or self._has_answered():
            self.transport.close()
        else:
            # An answer is still on its way to who sends ahead.
            self.cycle.keep_alive = False

    def on_head(self, head: Head) -> None:
        """Begin a request; uvicorn's own way to do so asks its parser."""
        self._stop_waiting()
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
        before = self.cycle
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
        if before is None or before.response_complete:
            self._begun = self.cycle
        else:
            self._before = before
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def on_body(self, body: bytes) -> None:
        """Hand on a part of the body; after the answer there is nobody who wants it."""
        if not self.cycle.response_complete:
            self.cycle.body += body
            if len(self.cycle.body) > HIGH_WATER_LIMIT:
                self.flow.pause_reading()
            self.cycle.message_event.set()

    def on_end(self) -> None:
        """Tell that the body is complete."""
        if not self.cycle.response_complete:
            self.cycle.more_body = False
            self.cycle.message_event.set()

    def on_response_complete(self) -> None:
        """Go on to the next request, unless this was the last."""
        super().on_response_complete()
        if self.cycle.is_last:
            self._linger()

    def _end(self, error: AppError) -> None:
        """Refuse what cannot be read; while answers to what came before are pending, let them be the last instead."""
        if not self._reader.in_body:
            if self._has_answered():
                line = _REQUEST_LINE.match(self._reader.opening)
                self._refuse(error, *(line.groups() if line else (b"", b"")))
            else:
                self.cycle.keep_alive = False
            return
        broken = self.cycle
        broken.keep_alive = False
        if self.pipeline and self.pipeline[0][0] is broken:
            self.pipeline.popleft()
            self.cycle = self._before
            self.cycle.keep_alive = False
        elif broken.response_started:
            if broken.response_complete:
                self._linger()
        elif broken is self._begun or (isinstance(broken, BodyCycle) and broken.is_read):
            self._begun = None
            self._refuse_body(error)
        elif isinstance(broken, BodyCycle):
            # It is being worked on, so far without its body.
            broken.break_off = lambda: self._refuse_body(error)

    def _refuse_body(self, error: AppError) -> None:
        self.cycle.disconnected = True
        self.cycle.message_event.set()
        self._refuse(error, self.scope["method"].encode("ascii"), self.scope["raw_path"])

    def _refuse(self, error: AppError, method: bytes, path: bytes) -> None:
        """Answer, and close.

        Args:
            method, path: as far as they are known, without the query; no method: it is not HTTP.
        """
        if method:
            request_id = str(new_id())
            status, headers, body = error_response(error, request_id, datetime.now(UTC))
            headers = [*headers, (b"x-request-id", request_id.encode()), *DEFAULT_HEADERS]
            log_request(
                request_id=request_id,
                operation_id=None,
                method=method.decode("ascii"),
                path=path.decode("ascii", "backslashreplace"),
                status=status,
                duration_ms=0,
                user_id=None,
                queries=0,
                code=error.code,
            )
        else:
            status, headers, body = 400, _PLAIN, b"Invalid HTTP request received."
            self.logger.warning("Invalid HTTP request received.")
        headers = [*headers, (b"content-length", b"%d" % len(body))]
        if (b"connection", b"close") not in headers:
            headers.append((b"connection", b"close"))
        lines = [b"%b: %b\r\n" % header for header in (*self.server_state.default_headers, *headers)]
        self.flow.resume_reading()
        self.transport.write(b"".join([STATUS_LINE[status], *lines, b"\r\n", b"" if method == b"HEAD" else body]))
        self._linger()

    def _linger(self) -> None:
        """Say that nothing more comes, and close when the client does, or soon."""
        self._is_over = True
        self._stop_waiting()
        self._unset_keepalive_if_required()
        if self.transport.can_write_eof() and not self.transport.is_closing():
            self.transport.write_eof()
            self._wait(_LINGER_SECONDS)
        else:
            self.transport.close()
