"""The client's address: the socket's, and only behind trusted proxies the header's."""

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.security.client_address import client_address, client_reader, network_of, unlisted_proxy

PROXIES: tuple[IPv4Network | IPv6Network, ...] = (ip_network("10.0.0.0/8"), ip_network("2001:db8:ffff::/48"))


@pytest.mark.parametrize("forwarded", [None, "", "203.0.113.9", "10.1.1.1", "203.0.113.9, 10.0.0.2", "rubbish"])
def test_a_header_from_somebody_not_trusted_counts_for_nothing(forwarded: str | None) -> None:
    assert client_address("198.51.100.7", forwarded, PROXIES) == "198.51.100.7"
    assert client_address("10.0.0.1", forwarded, ()) == "10.0.0.1"


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        (None, "10.0.0.1"),
        ("", "10.0.0.1"),
        ("203.0.113.9", "203.0.113.9"),
        (" 203.0.113.9 ", "203.0.113.9"),
        ("1.1.1.1, 203.0.113.9", "203.0.113.9"),
        ("1.1.1.1,203.0.113.9,10.9.9.9", "203.0.113.9"),
        ("203.0.113.9, 2001:db8:ffff::1", "203.0.113.9"),
        ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("203.0.113.9:4711", "203.0.113.9"),
        ("[2001:db8::9]:4711", "2001:db8::9"),
        ("[2001:db8::9]", "2001:db8::9"),
        ("2001:DB8:0::9", "2001:db8::9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, ::ffff:10.0.0.2", "203.0.113.9"),
        ("203.0.113.9,", "203.0.113.9"),
        ("203.0.113.9, \t, ,", "203.0.113.9"),
        ("203.0.113.9, , 10.0.0.2,,", "203.0.113.9"),
        (", ,\t", "10.0.0.1"),
        (",203.0.113.9" * 3, "203.0.113.9"),
        ("203.0.113.9" + ", 10.0.0.2" * 60, "203.0.113.9"),
    ],
)
def test_the_header_is_read_from_the_right_as_long_as_its_writers_are_trusted(forwarded: str, client: str) -> None:
    assert client_address("10.0.0.1", forwarded, PROXIES) == client


@pytest.mark.parametrize(
    "rubbish",
    [
        "unknown", "_hidden", "999.1.1.1", "1.2.3", "01.2.3.4", "fe80::1%<b>", "x" * 5000, "1.1.1.1;", "é",
        "203.0.113.9:x", "203.0.113.9:", "[203.0.113.9]", "[2001:db8::9]x", "[2001:db8::9", "2001:db8::9]:80",
        "[2001:db8::9]:", "2001:db8::9.:80", "203.0.113.9\xa0", '"203.0.113.9"', "for=203.0.113.9", "\0", "::1::2",
        "0x7f.1",
    ],
)  # fmt: skip
def test_what_cannot_be_read_ends_the_reading(rubbish: str) -> None:
    assert client_address("10.0.0.1", f"203.0.113.9, {rubbish}", PROXIES) == "10.0.0.1"
    assert client_address("10.0.0.1", f"203.0.113.9, {rubbish}, 10.0.0.2", PROXIES) == "10.0.0.2"
    assert client_address("10.0.0.1", f"{rubbish}, 203.0.113.9", PROXIES) == "203.0.113.9"


def test_what_lies_far_to_the_left_is_not_looked_at() -> None:
    assert client_address("10.0.0.1", "203.0.113.9" + ", 10.0.0.2" * 5_000, PROXIES) == "10.0.0.2"
    assert client_address("10.0.0.1", "203.0.113.9" + "," * 16_000, PROXIES) == "10.0.0.1"
    assert client_address("10.0.0.1", "," * 16_000 + "203.0.113.9", PROXIES) == "203.0.113.9"


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxy"),
    [
        ("127.0.0.1", "203.0.113.9", "127.0.0.1"),
        ("", "203.0.113.9", "127.0.0.1"),
        ("::1", "203.0.113.9", "::1"),
        ("172.16.0.1", "203.0.113.9, 10.0.0.9", "172.16.0.1"),
        ("192.168.0.1", "10.0.0.9,", "192.168.0.1"),
        ("100.64.0.1", "203.0.113.9", "100.64.0.1"),
        ("169.254.1.1", "203.0.113.9", "169.254.1.1"),
        ("fd00::1", "[2001:db8::9]:80", "fd00::1"),
        ("fe80::1%eth0", "203.0.113.9", "fe80::1"),
        ("::ffff:192.168.0.1", "203.0.113.9", "192.168.0.1"),
        # The proxy is listed, and the one before it is not.
        ("10.0.0.1", "203.0.113.9, 192.168.0.1", "192.168.0.1"),
        # Listed, or nothing that a proxy would send, or public and so anybody's.
        ("10.0.0.1", "203.0.113.9", None),
        ("10.0.0.1", "10.0.0.9", None),
        ("10.0.0.1", "192.168.0.1", None),
        ("10.0.0.1", "unknown", None),
        ("192.168.0.1", "unknown", None),
        ("192.168.0.1", "203.0.113.9, unknown", None),
        ("192.168.0.1", " , ", None),
        ("8.8.8.8", "203.0.113.9", None),
        ("2606:4700::1111", "203.0.113.9", None),
        ("testclient", "203.0.113.9", None),
    ],
)
def test_an_unlisted_proxy_is_a_private_address_that_sends_another(
    peer: str, forwarded: str, proxy: str | None
) -> None:
    assert unlisted_proxy(peer, forwarded, PROXIES) == proxy


def test_a_mapped_socket_address_is_the_ipv4_one_and_may_be_a_proxy() -> None:
    assert client_address("::ffff:198.51.100.7", None, ()) == "198.51.100.7"
    assert client_address("::ffff:10.0.0.1", "203.0.113.9", PROXIES) == "203.0.113.9"


def test_the_zone_of_a_socket_address_is_dropped() -> None:
    assert client_address("fe80::1%eth0", None, ()) == "fe80::1"


def test_a_unix_socket_counts_as_this_machine() -> None:
    assert client_address("", "203.0.113.9", ()) == "127.0.0.1"
    assert client_address("", "203.0.113.9", (ip_network("127.0.0.0/8"),)) == "203.0.113.9"


def test_a_peer_that_is_no_address_is_never_trusted() -> None:
    assert client_address("testclient", "203.0.113.9", (ip_network("0.0.0.0/0"),)) == "0.0.0.0"


def test_a_network_is_the_64_of_ipv6_and_the_address_of_ipv4() -> None:
    assert network_of("203.0.113.9") == "203.0.113.9"
    assert network_of("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::/64"
    assert network_of("2001:db8:1:2::1") == network_of("2001:db8:1:2:ffff::")
    assert network_of("2001:db8:1:2::1") != network_of("2001:db8:1:3::1")


@settings(max_examples=100)
@given(st.text(max_size=60), st.text(max_size=200))
def test_whatever_is_sent_an_address_comes_out(peer: str, forwarded: str) -> None:
    address = client_address(peer, forwarded, (*PROXIES, ip_network("127.0.0.0/8")))
    assert network_of(str(ip_address(address)))


@settings(max_examples=100)
@given(st.text(max_size=200), st.ip_addresses())
def test_a_client_cannot_choose_its_address_by_what_it_puts_to_the_left(forged: str, client) -> None:
    seen = client_address("10.0.0.1", str(client), PROXIES)
    if "%" not in str(client) and not any(ip_address(seen) in network for network in PROXIES):
        assert client_address("10.0.0.1", f"{forged}, {client}", PROXIES) == seen


@pytest.mark.parametrize("agent", [None, "", "curl/8", "a\x9bb", "x" * 5000])
@pytest.mark.parametrize("forwarded", [None, "203.0.113.9", "203.0.113.9, " * 100 + "2001:db8::7"])
def test_a_client_is_the_same_whether_it_is_remembered_or_not(agent: str | None, forwarded: str | None) -> None:
    client_of = client_reader(PROXIES)
    first, again, other = (client_of("10.0.0.1", forwarded, text) for text in (agent, agent, "another"))

    assert first == again
    assert first.address == other.address == client_address("10.0.0.1", forwarded, PROXIES)
    assert first.network == network_of(first.address)
    assert first.user_agent == (agent.replace("\x9b", " ")[:256] if agent else None)
    # Long headers would make the memory of 1 024 clients large.
    assert (first is again) == (len(agent or "") + len(forwarded or "") <= 512)
