"""A small proxy in front of a real server, which a test lets change, lose or replace responses."""

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

# Each hop has its own.
_OF_A_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date"}


@dataclass
class Reply:
    """What goes back to the client."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


Hook = Callable[[str, str, Callable[[], Reply]], Reply | None]
"""Given method, path and what passes the request on, returns what goes back; None closes the connection instead."""


def pass_on(method: str, path: str, send: Callable[[], Reply]) -> Reply:
    """Change nothing."""
    return send()


@contextmanager
def forwarding(url: str, hook: Hook = pass_on, *, prefix: str = "") -> Iterator[str]:
    """Run a proxy; yield its URL, which ends with the prefix."""
    target = urlsplit(url)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            """Leave the output of the tests alone."""

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = self.path.removeprefix(prefix)

            def send() -> Reply:
                connection = http.client.HTTPConnection(target.hostname or "", target.port or 80, timeout=30)
                sent = {name: value for name, value in self.headers.items() if name.lower() not in _OF_A_HOP}
                connection.request(self.command, path, body or None, sent)
                received = connection.getresponse()
                kept = [(name, value) for name, value in received.getheaders() if name.lower() not in _OF_A_HOP]
                reply = Reply(received.status, kept, received.read())
                connection.close()
                return reply

            reply = hook(self.command, path, send)
            if reply is None:
                self.close_connection = True
                return
            self.send_response_only(reply.status)
            for name, value in reply.headers:
                self.send_header(name, value)
            if reply.status not in (204, 304):
                self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.body)

    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        setattr(Handler, f"do_{method}", Handler._any)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}{prefix}"
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
