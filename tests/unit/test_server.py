"""The server of one process, in front of a small application: how it stops, and whom it does not wait for."""

import inspect
import re
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import pytest
import uvicorn

from app.cli import server as server_module
from app.cli.listening import bind_port
from app.cli.server import Server
from app.cli.serving import options as timers
from app.gateway.response_headers import NOT_STORED, Header, ResponseHeaders
from tests.service import config_for
from tests.waiting import until

REQUEST = b"GET / HTTP/1.1\r\nHost: charter\r\n\r\n"
LONGEST_SECONDS = 20
# What uvicorn bounds and times only with another protocol, with TLS, or in its own supervisors.
NOT_OURS = {
    "ws_max_size", "ws_max_queue", "ws_ping_interval", "ws_ping_timeout",
    "h11_max_incomplete_event_size", "reload_delay", "timeout_worker_healthcheck",
}  # fmt: skip
# These belong to another that is None.
IDLE = {"limit_max_requests_jitter": "limit_max_requests", "timeout_notify": "callback_notify"}


class Running:
    """A server on a thread of its own, whose event loop is held when it begins to stop, while `free` is clear."""

    def __init__(self, *, body: bytes = b"done", own: Sequence[Header] = (), **options: Any) -> None:
        self.free = threading.Event()
        self.free.set()
        self.held = threading.Event()
        self.listener = bind_port("127.0.0.1", 0)
        self.address = self.listener.getsockname()
        started = threading.Event()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "lifespan":
                await receive()
                await send({"type": "lifespan.startup.complete"})
                await receive()
                await send({"type": "lifespan.shutdown.complete"})
                return
            headers = ResponseHeaders([(b"content-length", b"%d" % len(body)), *own], NOT_STORED)
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body})

        config = config_for(DATABASE_URL="postgresql:///", GRACE_SECONDS="10")
        server_config = uvicorn.Config(app, **{**timers(config), **options.pop("config", {})})
        told = {"drain_seconds": 0, "send_seconds": 30, "drain": self._hold, **options}
        self.server = Server(server_config, ready=started.set, **told)
        self.thread = threading.Thread(target=self.server.run, args=([self.listener],), daemon=True)
        self.thread.start()
        assert started.wait(LONGEST_SECONDS)

    def _hold(self) -> None:
        self.held.set()
        self.free.wait(LONGEST_SECONDS)

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address, LONGEST_SECONDS)

    def stop(self) -> None:
        self.server.should_exit = True

    def ended(self) -> bool:
        self.thread.join(LONGEST_SECONDS)
        return not self.thread.is_alive()


@contextmanager
def running(**options: Any) -> Iterator[Running]:
    one = Running(**options)
    try:
        yield one
    finally:
        one.free.set()
        one.stop()
        assert one.ended()


def response(client: socket.socket) -> bytes:
    """Read a response to its last byte; nothing when the connection ends without one."""
    read = b""
    while b"\r\n\r\n" not in read or not read.endswith(b"done"):
        more = client.recv(65536)
        if not more:
            break
        read += more
    return read


def test_anybody_who_the_kernel_connected_is_answered_though_the_server_was_told_to_stop():
    with running() as one:
        one.free.clear()
        one.stop()
        assert one.held.wait(LONGEST_SECONDS)
        # It has begun to stop, and the event loop stands still: these wait in the kernel.
        clients = [one.connect() for _ in range(20)]
        for client in clients:
            client.sendall(REQUEST)
        one.free.set()
        responses = [response(client) for client in clients]
        assert [read[:15] for read in responses] == [b"HTTP/1.1 200 OK"] * len(clients)
        assert all(b"connection: close" in read for read in responses)
        assert one.ended()


def test_a_request_on_a_connection_made_just_before_the_port_closed_is_answered():
    with running() as one, closing(one.connect()) as client:
        until(lambda: len(one.server.server_state.connections) == 1)
        one.stop()
        until(lambda: one.listener.fileno() == -1)
        client.sendall(REQUEST)
        assert response(client).startswith(b"HTTP/1.1 200 ")
        assert one.ended()


def test_a_drain_goes_on_with_the_work_takes_new_connections_and_asks_to_leave():
    with running(drain_seconds=LONGEST_SECONDS) as one, closing(one.connect()) as idle:
        idle.sendall(REQUEST)
        assert b"connection: close" not in response(idle)
        one.stop()
        assert one.held.wait(LONGEST_SECONDS)
        with closing(one.connect()) as new:
            new.sendall(REQUEST)
            assert b"connection: close" in response(new)
            assert new.recv(1) == b""
        idle.sendall(REQUEST)
        assert b"connection: close" in response(idle)
        one.server.force_exit = True
        assert one.ended()


def test_who_leaves_others_at_the_port_neither_drains_nor_closes_it_to_them():
    with running(closes_port=lambda: False, drain_seconds=LONGEST_SECONDS) as one, one.listener.dup() as kept:
        one.stop()
        assert one.ended()
        assert not one.held.is_set()
        with one.connect() as client:
            other, _ = kept.accept()
            with other:
                other.sendall(b"from another")
                assert client.recv(20) == b"from another"


def test_an_idle_connection_is_closed_when_the_port_is():
    with running() as one, closing(one.connect()) as idle:
        idle.sendall(REQUEST)
        response(idle)
        one.stop()
        assert idle.recv(1) == b""
        assert one.ended()


def test_a_client_that_does_not_read_its_response_is_cut_off(monkeypatch):
    monkeypatch.setattr(server_module, "_BYTES_A_SECOND", 1e12)
    with running(body=b"x" * 8_000_000, send_seconds=0.2) as one, closing(socket.socket()) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(one.address)
        client.sendall(REQUEST)
        until(lambda: one.server.server_state.total_requests == 1)
        until(lambda: not one.server.server_state.connections)


def test_a_client_that_reads_slowly_gets_a_second_for_each_kibibyte():
    with running(body=b"x" * 4_000_000 + b"done", send_seconds=0.2) as one, closing(socket.socket()) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(LONGEST_SECONDS)
        client.connect(one.address)
        client.sendall(REQUEST)
        until(lambda: bool(one.server._slow))
        checked = one.server._next_check
        until(lambda: one.server._next_check > checked)
        assert len(response(client)) > 4_000_000


def test_idle_connections_are_kept_as_long_as_the_setting_says():
    assert timers(config_for(DATABASE_URL="postgresql:///"))["timeout_keep_alive"] == 75
    with running(config={"timeout_keep_alive": 1}) as one, closing(one.connect()) as idle:
        idle.sendall(REQUEST)
        response(idle)
        assert idle.recv(1) == b""


def test_no_timer_or_bound_of_uvicorn_is_left_at_its_default():
    known = inspect.signature(uvicorn.Config).parameters
    bounds = {name for name in known if re.search(r"timeout|limit|max|interval|delay|backlog|callback", name)}
    given = timers(config_for(DATABASE_URL="postgresql:///"))
    assert all(given[needed] is None for needed in IDLE.values())
    assert bounds - NOT_OURS - IDLE.keys() - given.keys() == set()


@pytest.mark.parametrize("value", [b"a\r\nset-cookie: b", b"a\nset-cookie: b", b"a\rset-cookie: b", b"a\0b"])
def test_a_header_that_would_end_its_line_is_not_sent(value):
    with running(own=[(b"location", value)]) as one, closing(one.connect()) as client:
        client.sendall(REQUEST)
        assert client.recv(65536) == b""


def test_a_header_that_closes_the_connection_does():
    with running(own=[(b"connection", b"close")]) as one, closing(one.connect()) as client:
        client.sendall(REQUEST)
        read = response(client)
        assert read.count(b"connection: close") == 1
        assert read.endswith(b"\r\n\r\ndone")
        assert client.recv(1) == b""
