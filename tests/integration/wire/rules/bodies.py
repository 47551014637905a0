"""How long a body is: RFC 9112, 6."""

from tests.integration.wire.rules.rule import (
    BODY,
    CHUNKED,
    CLOSING,
    HALVES,
    LENGTH,
    NEXT,
    Case,
    Rule,
    chunks,
    coded,
    echoed,
    post,
    refused,
)

BODY_RULES = (
    Rule(
        "6.1",
        "The chunked coding is understood, in any letter case.",
        "Yes.",
        echoed(coded(b"chunked"), coded(b"CHUNKED"), coded(b"Chunked", chunks(*(bytes([byte]) for byte in BODY)))),
    ),
    Rule(
        "6.1",
        "A coding that the server does not understand gets a 501.",
        "415, as for every body that Charter cannot read.",
        (
            Case(post(b"Transfer-Encoding: gzip, chunked", CLOSING, body=HALVES), (415,)),
            Case(post(b"Transfer-Encoding: x;y=z, chunked", CLOSING, body=HALVES), (415,)),
        ),
    ),
    Rule(
        "6.3",
        "If chunked is not the last coding, the length is unknown: 400.",
        "400.",
        refused(
            *(
                coded(coding)
                for coding in (
                    b"gzip",
                    b"identity",
                    b"chunked, gzip",
                    b"chunked, identity",
                    b"",
                    b",",
                    b"xchunked",
                    b"chunkedx",
                    b"\x00chunked",
                    b"chunked\x0b",
                    b'"chunked"',
                    b"chunked gzip",
                    b"chunked\xa0",
                )
            )
        ),
    ),
    Rule(
        "6.1",
        "Chunked is applied once, and (7.1) has no parameters.",
        "Anything else is rejected: 400.",
        refused(
            coded(b"chunked, chunked"),
            coded(b"chunked, gzip, chunked"),
            coded(b"chunked;a=b"),
            coded(b"chunked;"),
            post(CHUNKED, CHUNKED, body=HALVES),
        ),
    ),
    Rule(
        "6.1",
        "A request with Content-Length and Transfer-Encoding may be rejected.",
        "Rejected: 400.",
        refused(
            post(LENGTH, CHUNKED, body=HALVES),
            post(CHUNKED, b"Content-Length: 5", body=HALVES),
            post(CHUNKED, b"Content-Length: 0", body=HALVES),
            post(LENGTH, b"Transfer-Encoding: identity"),
            post(LENGTH, b"transfer-encoding:\tchunked", body=HALVES),
            post(CHUNKED, b"Content-Length:", body=HALVES),
        ),
    ),
    Rule(
        "6.1",
        "Transfer-Encoding in HTTP/1.0 makes the framing faulty.",
        "Rejected: 400.",
        refused(
            post(CHUNKED, body=HALVES, version=b"1.0"),
            post(CHUNKED, LENGTH, body=HALVES, version=b"1.0"),
            post(CHUNKED, b"Connection: keep-alive", body=HALVES, version=b"1.0"),
        ),
    ),
    Rule(
        "6.3",
        "An invalid Content-Length gets a 400.",
        "400, also for a length that no body can have.",
        refused(
            *(
                post(b"Content-Length: " + length)
                for length in (
                    b"-1",
                    b"+39",
                    b"0x27",
                    b"39 ,",
                    b"3 9",
                    b"39;",
                    b"39.0",
                    b"1e1",
                    b"abc",
                    b"",
                    b"39\x0b",
                    b"\xd9\xa3",
                    b"'39'",
                    b"9" * 19,
                    b"9" * 300,
                    b"39a",
                    b"_39",
                    b"3_9",
                )
            )
        ),
    ),
    Rule(
        "6.3",
        "Several lengths are an error; if they are the same, the server may treat them as one.",
        "Rejected: 400.",
        refused(
            post(LENGTH, LENGTH),
            post(LENGTH, b"Content-Length: 0"),
            post(LENGTH + b", %d" % len(BODY)),
            post(b"Content-Length: 0, %d" % len(BODY)),
            post(b"Content-Length: 0", LENGTH),
        ),
    ),
    Rule(
        "6.2",
        "Content-Length is a decimal number of any length.",
        "Yes, with leading zeros too.",
        (
            *echoed(
                post(LENGTH), post(b"Content-Length: 000%d" % len(BODY)), post(b"Content-Length: 0%b" % LENGTH[16:])
            ),
            Case(post(b"Content-Length: " + b"9" * 18, CLOSING, body=b""), (413,)),
        ),
    ),
    Rule(
        "6.3",
        "Without either header, there is no body.",
        "The next bytes are the next request.",
        (
            Case(b"GET /v1/x HTTP/1.1\r\nHost: a\r\n\r\n" + NEXT, (404, 404)),
            Case(post(body=b"") + NEXT, (400, 404), b"MALFORMED_BODY"),
            Case(b"OPTIONS /v1/things HTTP/1.1\r\nHost: a\r\n\r\n" + NEXT, (204, 404)),
        ),
    ),
)
