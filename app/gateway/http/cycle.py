"""One request and its response on a connection: uvicorn's cycle, and what RFC 9112 adds about their ends."""

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

_BODILESS = (204, 304)


class Cycle(RequestResponseCycle):
    """A request and its response.

    Attributes:
        is_last: the response was sent before the body had arrived, and ends the connection. uvicorn would close it at
            once; data that the client still sends would reset it, and the response might be lost (RFC 9112, 9.6).
            Here the protocol closes it.
    """

    is_last = False

    async def run_asgi(self, app: Any) -> None:
        """Run the application.

        It is cancelled when the grace period of a server that ends is over. A response that still waits for its client
        to read cannot be sent any more: the connection is closed. uvicorn would log a trace, and try to send a 500.
        """

        async def run(scope: Any, receive: Any, send: Any) -> None:
            try:
                await app(scope, receive, send)
            except asyncio.CancelledError:
                self.disconnected = True
                self.transport.close()

        await super().run_asgi(run)

    async def send(self, message: Any) -> None:
        """Send a part of the response."""
        if not self.response_started:
            if not self._start(message):
                await super().send(message)
        else:
            if self.more_body and not (self.keep_alive or self.disconnected or message.get("more_body", False)):
                self.is_last = self.keep_alive = True
            await super().send(message)

    def _start(self, message: Any) -> bool:
        """Write status and headers as uvicorn does, in a third of the time: uvicorn looks at each header by itself.

        Returns:
            False: this is not one of our usual responses, and nothing was written.
        """
        status, headers = message.get("status"), [*self.default_headers, *message.get("headers", ())]
        values = {name.lower(): value for name, value in headers}
        length = values.get(b"content-length")
        if (
            (length is None and status not in _BODILESS)
            or self.disconnected
            or self.access_log
            or self.flow.write_paused
            or b"connection" in values
            or b"transfer-encoding" in values
        ):
            return False
        block = b"".join([b"%b: %b\r\n" % header for header in headers])
        if not (block.count(b"\n") == block.count(b"\r") == len(headers)) or b"\0" in block:
            return False
        self.response_started, self.waiting_for_100_continue = True, False
        if length is not None:
            self.chunked_encoding, self.expected_content_length = False, int(length)
        end = b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n"
        self.transport.write(b"%b%b%b" % (STATUS_LINE[status], block, end))
        return True


class BodyCycle(Cycle):
    """A request whose body may turn out to be broken, or is sent only after a 100 response.

    Attributes:
        is_read: the application has asked for the body.
        on_broken_body: sends the response in its place; set when the body turns out to be broken before it has asked.
    """

    is_read = False
    on_broken_body: Callable[[], None] | None = None

    async def receive(self) -> Any:
        """Return the next part of the body."""
        self.is_read = True
        if self.on_broken_body is not None and not self.response_started:
            self.on_broken_body()
        return await super().receive()

    async def send(self, message: Any) -> None:
        """Send a part of the response.

        A client that waits for a 100 and gets the final status instead may send the body or not. The connection ends,
        since nobody could know what comes next on it (RFC 9110, 10.1.1).
        """
        if self.waiting_for_100_continue and not self.response_started and not self.body:
            self.keep_alive = False
        await super().send(message)
