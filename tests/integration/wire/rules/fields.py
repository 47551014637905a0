"""Header fields: RFC 9112, 5, and RFC 9110."""

from tests.integration.wire.rules.rule import (
    BODY,
    CHUNKED,
    CLOSING,
    HALVES,
    HIDDEN,
    LENGTH,
    NEXT,
    Case,
    Rule,
    coded,
    echoed,
    get,
    post,
    refused,
    taken,
)


def _count(header: bytes) -> Case:
    """Return a request that sends back the number in this header."""
    return Case(get(header, target=b"/v1/echoes/7"), (200,), b'"x_count":5')


FIELD_RULES = (
    Rule(
        "5.1",
        "Whitespace before a colon gets a 400.",
        "400.",
        refused(get(b"X : a"), get(b"X\t: a"), get(b"X \t : a"), get(b"Content-Length : 5"), get(b"X y: a")),
    ),
    Rule(
        "5.1",
        "A field name is a token.",
        "Anything else: 400.",
        refused(
            get(b": a"), get(b"X(: a"), get(b"X/Y: a"), get(b"\xff: a"), get(b"X\x00: a"), get(b'"X": a'), get(b"X@: a")
        ),
    ),
    Rule(
        "5.2",
        "A folded header gets a 400, or the fold becomes a space.",
        "400.",
        refused(get(b"X: a\r\n b"), get(b"X: a\r\n\tb"), get(b"X:\r\n a"), get(b"X: a\r\n "), get(b"X: a\r\n \r\n b")),
    ),
    Rule(
        "RFC 9110, 5.1",
        "Field names are case-insensitive.",
        "Yes.",
        (
            _count(b"x-cOUNT: 5"),
            *echoed(post(b"cOnTeNt-LeNgTh: %d" % len(BODY)), post(b"TRANSFER-ENCODING: chunked", body=HALVES)),
        ),
    ),
    Rule(
        "RFC 9110, 5.3",
        "Header lines of the same name form one list, in order.",
        "Yes.",
        (
            Case(b"GET /v1/x HTTP/1.1\r\nHost: a\r\nConnection: x\r\nConnection: close\r\n\r\n" + HIDDEN, (404,)),
            Case(post(b"Transfer-Encoding: gzip", CHUNKED, CLOSING, body=HALVES), (415,)),
        ),
    ),
    Rule(
        "RFC 9110, 5.4",
        "Headers that are larger than the server is willing to process get a 4xx.",
        "Above HEADER_LIMIT: 431, whatever their size, and the connection is closed.",
        tuple(
            Case(get(header) + HIDDEN, (431,), b"HEADERS_TOO_LARGE", is_long=True)
            for header in (
                b"X: " + b"a" * 17_000,
                b"X: " + b"a" * 120_000,
                b"X" * 17_000 + b": a",
                b"\r\n".join(b"X: a" for _ in range(4_000)),
            )
        ),
    ),
    Rule(
        "5",
        "Spaces and tabs around a value do not belong to it.",
        "They are trimmed.",
        (
            *(_count(header) for header in (b"X-Count:5", b"X-Count: 5 ", b"X-Count:\t5\t", b"X-Count: \t 5 \t ")),
            *echoed(
                post(LENGTH + b" "),
                post(b"Content-Length:\t%d \t" % len(BODY)),
                post(CHUNKED + b"\t ", body=HALVES),
                post(LENGTH, b"X:", b"Y: "),
            ),
            *taken(b"GET /v1/x HTTP/1.1\r\nHost: a \t\r\nConnection:close \r\n\r\n"),
        ),
    ),
    Rule(
        "RFC 9110, 5.5",
        "CR, LF and NUL in a value are rejected, or become spaces; other control characters are invalid.",
        "All are rejected: 400.",
        refused(
            get(b"X: a\x00b"),
            get(b"X: \x00"),
            get(b"X: a\x01"),
            get(b"X: a\x0bb"),
            get(b"X: \x1b[2J"),
            get(b"X: a\x7f"),
            get(b"X: a\x08"),
            get(b"X: a\nb"),
            get(b"X: a\rb"),
            get(b"X-Count: 5\x0c"),
        ),
    ),
    Rule(
        "RFC 9110, 5.5",
        "Octets above 127 in a value are opaque.",
        "They are kept unchanged.",
        taken(get(b"X: \x80\xff"), get(b"X: caf\xc3\xa9"), get(b"User-Agent: \xa0a\xa0")),
    ),
    Rule(
        "RFC 9110, 5.6.1",
        "Empty elements of a list are ignored.",
        "Yes.",
        (
            *(
                Case(b"GET /v1/x HTTP/1.1\r\nHost: a\r\nConnection: %b\r\n\r\n" % value + HIDDEN, (404,))
                for value in (b",close", b"close ,, ", b" , x ,\t, Close,")
            ),
            *echoed(*(coded(value) for value in (b",chunked", b"chunked,", b" ,\t, Chunked , "))),
        ),
    ),
    Rule(
        "RFC 9110, 5.6.3",
        "Bad whitespace, where the grammar allows it, is removed before the element is read.",
        "In chunk extensions, the only such place in the framing of a request.",
        echoed(post(CHUNKED, body=b"%x \t;\ta = \tb ; c\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY))),
    ),
    Rule(
        "RFC 9110, 7.8",
        "An upgrade offer may be ignored, and must be ignored in HTTP/1.0.",
        "Ignored: the request and its whole body are processed as HTTP/1.1.",
        (
            *echoed(
                post(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk", LENGTH),
                post(b"Upgrade: h2c", LENGTH),
                post(b"Connection: upgrade", LENGTH),
                post(LENGTH, b"Upgrade: h2c"),
                post(b"upgrade: TLS/1.2, x", b"connection: Upgrade", CHUNKED, body=HALVES),
                post(b"Upgrade:", LENGTH),
                post(b"Connection: keep-alive, Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13", LENGTH),
            ),
            Case(
                get(
                    b"Connection: Upgrade",
                    b"Upgrade: websocket",
                    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                    b"Sec-WebSocket-Version: 13",
                )
                + HIDDEN,
                (404,),
            ),
            Case(post(b"Upgrade: h2c", b"Connection: Upgrade", LENGTH, version=b"1.0") + HIDDEN, (200,)),
            Case(b"GET /v1/x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n" + NEXT, (404, 404)),
        ),
    ),
    Rule(
        "RFC 9110, 10.1.1",
        "An expectation of a 100 is met. It is ignored in HTTP/1.0, or if there is no body.",
        "Yes. If a client gets a final status instead of the 100, its connection is closed.",
        (
            Case(post(b"Expect: 100-Continue", LENGTH) + NEXT, (100, 200, 404)),
            Case(post(b"Expect: 100-continue", CHUNKED, body=HALVES) + NEXT, (100, 200, 404)),
            Case(post(b"Expect: , 100-Continue ,", CHUNKED, body=HALVES) + NEXT, (100, 200, 404)),
            Case(post(b"Expect: 100-continue", LENGTH, version=b"1.0"), (200,)),
            Case(get(b"Expect: 100-continue"), (404,)),
            Case(get(b"Expect: 100-continue", b"Content-Length: 0"), (404,)),
            *echoed(post(b"Expect: a miracle", LENGTH)),
            Case(b"POST /v1/things HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n%b\r\n\r\n" % LENGTH, (415,)),
        ),
    ),
)
