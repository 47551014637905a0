"""How the server reads HTTP: as uvicorn does with httptools, but what it would refuse by itself is refused our way.

Too long a target reaches the front door, which answers 414; so does a method that the parser does not know, for its
404 or 405. Whatever else the parser gives up is a 400 in the envelope, as long as there is a request line. Two things
keep uvicorn's plain 400: what has no such line, and an unknown method whose line comes in pieces or behind another
request, since by then the parser has swallowed its target.

Who does not finish the head of a request in time is hung up on without a word; uvicorn would wait for ever.
"""

import asyncio
import re
from datetime import UTC, datetime

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app.errors import AppError, MalformedBody, ValidationFailed
from app.gateway.answers import refusal
from app.gateway.exit import STANDING
from app.identifiers import new_id

# The parser gives up at 65 536 bytes; the settings allow no limit as high as this.
_MOST_KEPT = 65_000
_REQUEST_LINE = re.compile(rb"(?:\r?\n)*([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) ([^\r\n]+) HTTP/1\.[01]\r?\n")
_KNOWN = frozenset({b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"TRACE", b"CONNECT"})
# Read in place of a method that the parser does not know: no operation has it.
_STAND_IN = b"TRACE"


class Protocol(HttpToolsProtocol):
    """One connection.

    Attributes:
        head_seconds: how long a head may take to arrive, and a new connection to send one; the factory sets it for
            the process, as uvicorn makes these objects by itself.
    """

    head_seconds: float = 15
    _patience: asyncio.TimerHandle | None = None
    # What came since the last request was complete, until the parser has understood a head in it.
    _unread = b""
    _between = True
    _in_body = False
    _odd_method: bytes | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._patience = self.loop.call_later(self.head_seconds, self._hang_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what arrived."""
        self._unread = data if self._between else b""
        super().data_received(data)
        in_head = not (self._between or self._in_body)
        if self._patience is None and (in_head or self._has_answered()):
            self._patience = self.loop.call_later(self.head_seconds, self._hang_up)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _has_answered(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _hang_up(self) -> None:
        if self._has_answered():
            self.transport.close()
        else:
            # An answer is still on its way to who sends ahead.
            self.cycle.keep_alive = False

    def on_message_begin(self) -> None:
        """Note that a request has begun."""
        self._between = self._in_body = False
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Keep no more of a target than it takes to refuse it."""
        super().on_url(url[: max(0, _MOST_KEPT - len(self.url))])

    def on_headers_complete(self) -> None:
        """Start the answer, under the method that was really sent."""
        self._unread, self._in_body = b"", True
        self._stop_waiting()
        super().on_headers_complete()
        if self._odd_method is not None:
            self.scope["method"] = self._odd_method.decode("ascii")
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        """Note that a request is complete."""
        self._between, self._in_body = True, False
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what the parser gave up."""
        line = _REQUEST_LINE.match(self._unread)
        if line and line[1] not in _KNOWN and self._odd_method is None:
            self._read_under_another_method(line, msg)
        elif self.cycle is not None and not self.cycle.response_complete and not self._in_body:
            # Its answer is still to come, and must not be taken for this one.
            self.cycle.keep_alive = False
        elif line or self.url or self._in_body:
            self._refuse(
                MalformedBody("The body does not come as its headers say.")
                if self._in_body
                else ValidationFailed("The request line or a header is not valid HTTP.")
            )
        else:
            super().send_400_response(msg)

    def _read_under_another_method(self, line: re.Match[bytes], msg: str) -> None:
        self._odd_method = line[1]
        self.parser = httptools.HttpRequestParser(self)
        try:
            self.parser.feed_data(_STAND_IN + self._unread[line.end(1) :])
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.send_400_response(msg)

    def _refuse(self, error: AppError) -> None:
        request_id = str(new_id())
        status, headers, body = refusal(error, request_id, datetime.now(UTC))
        headers = [
            *headers,
            (b"x-request-id", request_id.encode()),
            *STANDING,
            (b"content-length", b"%d" % len(body)),
            (b"connection", b"close"),
        ]
        lines = [b"%b: %b\r\n" % header for header in (*self.server_state.default_headers, *headers)]
        self.transport.write(b"".join([STATUS_LINE[status], *lines, b"\r\n", body]))
        self.transport.close()
