"""One request and its response on a connection: uvicorn's cycle, and what RFC 9112 adds about their ends."""

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from app.gateway.response_headers import Header, ResponseHeaders, header_lines


class _ServerHeaders:
    """The lines of the headers that the server adds to each response, such as Date; it replaces the list each second.

    Attributes:
        known: the latest list and its lines, as one value: several servers may run in one process.
    """

    known: tuple[list[Header], bytes | None] = ([], b"")

    @classmethod
    def lines(cls, headers: list[Header]) -> bytes | None:
        """Return the lines of a list; None: as of `header_lines`."""
        known = cls.known
        if known[0] is not headers:
            known = cls.known = (headers, header_lines(headers))
        return known[1]


class Cycle(RequestResponseCycle):
    """A request and its response.

    Attributes:
        is_last: the response was sent before the body had arrived, and ends the connection. uvicorn would close it at
            once; data that the client still sends would reset it, and the response might be lost (RFC 9112, 9.6).
            Here the protocol closes it.
    """

    is_last = False
    # Status and headers of a response that is written at once, with its body.
    _head: bytes | None = None

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
            headers = message.get("headers")
            self._head = self._make_head(message["status"], headers) if type(headers) is ResponseHeaders else None
            if self._head is None:
                await super().send(message)
            else:
                self.response_started, self.waiting_for_100_continue = True, False
            return
        if self.more_body and not (self.keep_alive or self.disconnected or message.get("more_body", False)):
            self.is_last = self.keep_alive = True
        if self._head is None:
            await super().send(message)
        else:
            self._write(self._head + message["body"])

    def _make_head(self, status: int, headers: ResponseHeaders) -> bytes | None:
        """Return status and headers as they are sent, in a third of the time that uvicorn takes.

        Return None for what is left to uvicorn: an invalid header, one that concerns the connection, and a client that
        does not read or has gone.
        """
        lines, server_lines = headers.lines(), _ServerHeaders.lines(self.default_headers)
        if lines is None or server_lines is None or self.disconnected or self.access_log or self.flow.write_paused:
            return None
        end = b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n"
        return b"".join((STATUS_LINE[status], server_lines, lines, end))

    def _write(self, response: bytes) -> None:
        """Write a whole response, and end the cycle as uvicorn does."""
        self.transport.write(response)
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()


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
