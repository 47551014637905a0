"""The port: which address it is bound to, and how it is left."""

import socket

import pytest

from app.cli.errors import CommandError
from app.cli.listening import accept_pending, address_of, bind_port, is_loopback, refuse_new_connections
from app.config_parsers import host


@pytest.mark.parametrize(
    ("given", "shown", "reached"),
    [
        ("[::1]", "http://[::1]:", ("::1",)),
        ("::1", "http://[::1]:", ("::1",)),
        ("::", "http://[::1]:", ("::1", "127.0.0.1")),
        ("[::]", "http://[::1]:", ("::1", "127.0.0.1")),
        ("0.0.0.0", "http://127.0.0.1:", ("127.0.0.1",)),
        ("127.0.0.1", "http://127.0.0.1:", ("127.0.0.1",)),
    ],
)
def test_a_host_may_be_written_in_any_of_these_ways(given, shown, reached):
    with bind_port(host(given), 0) as listener:
        listener.listen()
        assert address_of(listener) == f"{shown}{listener.getsockname()[1]}"
        for address in reached:
            socket.create_connection((address, listener.getsockname()[1]), 5).close()


def test_localhost_is_reached_by_its_name():
    with bind_port(host("localhost"), 0) as listener:
        listener.listen()
        with socket.create_connection(("localhost", listener.getsockname()[1]), 5) as client:
            assert client.getpeername()[1] == listener.getsockname()[1]


@pytest.mark.parametrize(
    ("given", "is_local"),
    [("127.0.0.1", True), ("127.0.0.2", True), ("::1", True), ("::", False), ("0.0.0.0", False)],
)
def test_whether_other_machines_reach_a_port(given, is_local):
    with bind_port(given, 0) as listener:
        assert is_loopback(listener) is is_local


@pytest.mark.parametrize("given", ["[::1", "::1]", "127.0.0.1:80", "no such host"])
def test_what_is_no_host_is_refused(given):
    with pytest.raises(CommandError, match="cannot be resolved"):
        bind_port(host(given), 0)


def test_a_name_whose_first_address_is_not_here_is_bound_at_the_next(monkeypatch):
    found = [
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("2001:db8::1", 0, 0, 0)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with bind_port("two", 0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


def test_a_port_that_is_bound_refuses_until_it_is_listened_to():
    with bind_port("127.0.0.1", 0) as listener, socket.socket() as client:
        assert client.connect_ex(listener.getsockname()) != 0


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_nobody_new_is_connected_once_turned_away_and_who_was_can_be_accepted(address):
    with bind_port(address, 0) as listener:
        listener.listen()
        listener.setblocking(False)
        place = listener.getsockname()[:2]
        early = [socket.create_connection(place, 5) for _ in range(3)]
        refuse_new_connections(listener)
        with socket.socket(listener.family) as late:
            late.settimeout(0.2)
            assert late.connect_ex(place) != 0
        accepted = accept_pending(listener)
        assert len(accepted) == len(early)
        for one, other in zip(early, accepted, strict=True):
            one.sendall(b"still here")
            assert other.recv(20) == b"still here"
            one.close()
            other.close()
