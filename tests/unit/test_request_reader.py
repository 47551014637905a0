"""RFC 9112: what the reader of requests tells does not depend on how the bytes arrive, and costs little for each."""

import contextlib
import time

import httptools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.gateway.http.request_head import Head, ProtocolError, read_head
from app.gateway.http.request_reader import RequestReader
from tests.integration.wire.rules import RULES
from tests.integration.wire.rules.rule import HIDDEN, NEXT, Rule

HEAD = b"POST /v1/x HTTP/1.1\r\nHost: a\r\n"


class Told:
    """What a reader tells: a list for each request, of its head, its body and whether it is complete."""

    def __init__(self) -> None:
        self.requests: list[list] = []
        self.refusal: int | None = None

    def on_head(self, head: Head) -> None:
        self.requests.append([head, b"", False])

    def on_body(self, body: bytes) -> None:
        self.requests[-1][1] += body

    def on_end(self) -> None:
        self.requests[-1][2] = True


class Fields(list):
    """What httptools tells of a head."""

    def on_header(self, name: bytes, value: bytes) -> None:
        self.append((name.lower(), value.strip(b" \t")))


def read(*pieces: bytes) -> Told:
    told = Told()
    reader = RequestReader(told)
    try:
        for piece in pieces:
            reader.feed(piece)
    except ProtocolError as error:
        told.refusal = error.response_error.status
    return told


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.section}: {rule.text}")
def test_every_case_is_read_alike_however_it_is_split(rule: Rule) -> None:
    for sent in [case.sent for case in rule.cases if not case.is_long]:
        whole = read(sent)
        own = len(sent.removesuffix(HIDDEN).removesuffix(NEXT))
        splits = [(sent[:place], sent[place:]) for place in range(1, own + 2)]
        for pieces in [*splits, [sent[place : place + 1] for place in range(len(sent))]]:
            told = read(*pieces)
            assert told.refusal == whole.refusal, (sent, pieces)
            # Of a body that turns out to be broken, more or less may have been told.
            assert [request[::2] for request in told.requests] == [request[::2] for request in whole.requests]
            assert [body for _, body, done in told.requests if done] == [
                body for _, body, done in whole.requests if done
            ]


TOKEN = st.text("!#$%&'*+-.^_`|~09azAZ", min_size=1, max_size=9)
VALUE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=20)
BLANKS = st.text(" \t", max_size=3)
TARGET = st.text("/?%az09:@!$&'()*+,;=-._~", max_size=30)


@settings(max_examples=60)
@given(TOKEN, TARGET, st.lists(st.tuples(TOKEN, BLANKS, VALUE, BLANKS), max_size=6), st.binary(max_size=40))
def test_a_good_request_is_read_as_httptools_reads_it(
    method: str, target: str, fields: list[tuple[str, str, str, str]], body: bytes
) -> None:
    framing = {"host", "content-length", "transfer-encoding", "connection", "upgrade", "expect"}
    lines = [f"{name}:{before}{value}{after}" for name, before, value, after in fields if name.lower() not in framing]
    head = "\r\n".join([f"POST /{target} HTTP/1.1", "Host: a", f"Content-Length: {len(body)}", *lines, "", ""])
    raw = head.encode("latin-1") + body
    theirs = Fields()
    httptools.HttpRequestParser(theirs).feed_data(raw)

    [[ours, our_body, done]] = read(raw).requests

    assert done
    assert our_body == body
    assert ours.headers == theirs
    url = httptools.parse_url(f"/{target}".encode())
    assert (ours.path, ours.query) == (url.path, url.query or b"")
    assert read_head(head.replace("POST", method, 1).encode("latin-1")).method == method


def test_the_host_of_an_absolute_target_replaces_the_header() -> None:
    head = read_head(b"GET http://b:8080/v1/x?a=b HTTP/1.1\r\nX: y\r\nHost: a\r\n\r\n")

    assert (head.path, head.query, dict(head.headers)) == (b"/v1/x", b"a=b", {b"x": b"y", b"host": b"b:8080"})
    assert read_head(b"GET http://b HTTP/1.1\r\nHost: a\r\n\r\n").path == b"/"
    assert read_head(b"OPTIONS http://b HTTP/1.1\r\nHost: a\r\n\r\n").path == b"*"
    assert read_head(b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").headers == [(b"host", b"a")]


def test_the_reason_of_a_refusal_is_told() -> None:
    reasons = {
        b"GET / HTTP/2.0\r\n\r\n": "HTTP/1.1",
        b"GET /#a HTTP/1.1\r\nHost: a\r\n\r\n": "fragment",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n": "folded",
        b"GET / HTTP/1.1\r\n\r\n": "Host",
        b"GET x:1 HTTP/1.1\r\nHost: a\r\n\r\n": "path",
        HEAD + b"Content-Length: x\r\n\r\n": "Content-Length",
        HEAD + b"Transfer-Encoding: gzip\r\n\r\n": "chunked",
    }
    for raw, word in reasons.items():
        with pytest.raises(ProtocolError, match=word):
            read_head(raw)


# What is worst to read, in pieces of one byte where that is worst: each is refused, or never told, and soon.
WORST = {
    "one long value": (HEAD + b"X: ", b"a", 20_000),
    "blanks": (HEAD + b"X: ", b" ", 20_000),
    "many fields": (HEAD, b"a:\r\n", 5_000),
    "many names": (HEAD + b"X", b"x", 20_000),
    "a long target": (b"GET /", b"a", 20_000),
    "a long method": (b"", b"G", 20_000),
    "empty lines": (b"", b"\r\n", 20_000),
    "zeros of a chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0", 4_000),
    "an extension": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0;a=\"", b"\\a", 2_000),
    "many extensions": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0", b" \t;\t a", 600),
    "small chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n", 10_000),
    "a trailer": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"a:\r\n", 1_000),
}  # fmt: skip


@pytest.mark.measured
@pytest.mark.parametrize("in_pieces", [False, True], ids=["whole", "byte by byte"])
@pytest.mark.parametrize(("start", "more", "times"), WORST.values(), ids=WORST)
def test_no_bytes_cost_much_however_they_arrive(start: bytes, more: bytes, times: int, *, in_pieces: bool) -> None:
    """ASVS V15.2.2: a bound on the CPU time of each byte, hundreds of times what an ordinary one costs."""
    sent = start + more * times
    pieces = [sent[place : place + 1] for place in range(len(sent))] if in_pieces else [sent]
    began = time.thread_time()

    read(*pieces, b"\x00")

    assert (time.thread_time() - began) / len(sent) < 50e-6


def test_what_is_kept_is_bounded() -> None:
    for start, more, _ in WORST.values():
        reader = RequestReader(Told())
        reader.feed(start or b"\r")
        with contextlib.suppress(ProtocolError):
            for _ in range(30):
                reader.feed(more * (10_000 // len(more)))
        assert len(reader._buffer) < 200_000
