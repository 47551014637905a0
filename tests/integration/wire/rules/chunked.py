"""Chunks: RFC 9112, 7.1; and what ends a connection: 9."""

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
    chunks,
    echoed,
    get,
    post,
    refused,
)

_SIZE = b"%x" % len(BODY)
_END = b"\r\n0\r\n\r\n"

CHUNK_RULES = (
    Rule(
        "7.1",
        "A chunk's size is a hexadecimal number; large ones must not overflow.",
        "Up to 15 digits, in any letter case, with leading zeros. Anything else is rejected: 400.",
        (
            *echoed(
                post(CHUNKED, body=_SIZE.upper() + b"\r\n" + BODY + _END),
                post(CHUNKED, body=b"000" + _SIZE + b"\r\n" + BODY + b"\r\n000\r\n\r\n"),
            ),
            *refused(
                *(
                    post(CHUNKED, body=size + b"\r\n" + BODY + _END)
                    for size in (
                        b"",
                        b"-1",
                        b"+27",
                        b"0x27",
                        b" 27",
                        b"27 ",
                        b"2 7",
                        b"g",
                        b"27\x00",
                        b"\xd9\xa3",
                        b"27,27",
                        b"1" + b"0" * 15,
                        b"f" * 16,
                        b"1" + b"0" * 32,
                        b"2_7",
                    )
                )
            ),
        ),
    ),
    Rule(
        "7.1",
        "A chunk has as much data as its size says, and ends in CRLF.",
        "Anything else is rejected: 400.",
        refused(
            *(
                post(CHUNKED, body=body)
                for body in (
                    b"5\r\n" + BODY + _END,
                    b"27\n" + BODY + _END,
                    b"27\r" + BODY + _END,
                    _SIZE + b"\r\n" + BODY + b"\n0\r\n\r\n",
                    _SIZE + b"\r\n" + BODY + b"0\r\n\r\n",
                    _SIZE + b"\r\n" + BODY + b"\r0\r\n\r\n",
                    _SIZE + b"\r\n" + BODY + b"x\r\n0\r\n\r\n",
                    _SIZE + b"\r\n" + BODY + b"\r\n0\n\n",
                    _SIZE + b"\r\n" + BODY + b"\r\n0\r\n\n",
                )
            )
        ),
    ),
    Rule(
        "7.1.1",
        "Unknown chunk extensions are ignored, within a limit.",
        "Ignored, up to 4096 bytes in a request. More bytes, or anything but an extension: 400.",
        (
            *echoed(
                *(
                    post(CHUNKED, body=_SIZE + extension + b"\r\n" + BODY + b"\r\n0" + extension + b"\r\n\r\n")
                    for extension in (b";a", b";a=b", b';a="b;\\" c"', b';a=b;c;d=""')
                )
            ),
            *refused(
                *(
                    post(CHUNKED, body=_SIZE + extension + b"\r\n" + BODY + _END)
                    for extension in (
                        b";",
                        b";=b",
                        b";a=",
                        b";a;",
                        b" a",
                        b';a="b',
                        b';a="b\nc"',
                        b";a=b c",
                        b";a\x00",
                        b";a\rb",
                    )
                )
            ),
            Case(
                post(CHUNKED, body=_SIZE + b";a=" + b"b" * 5_000 + b"\r\n" + BODY + _END) + HIDDEN, (400,), is_long=True
            ),
            Case(
                post(CHUNKED, body=b"".join(b"1;%b\r\n \r\n" % (b"a" * 100) for _ in range(50)) + _END[2:]) + HIDDEN,
                (400,),
                is_long=True,
            ),
            Case(post(CHUNKED, body=_SIZE + b";a=" + b"b" * 20_000) + HIDDEN, (400,), is_long=True),
        ),
    ),
    Rule(
        "7.1.2",
        "Trailers may be discarded, and are not headers.",
        "Discarded, up to 4096 bytes. More bytes, or anything but a field: 400.",
        (
            *echoed(
                *(
                    post(CHUNKED, body=chunks(BODY, trailer=trailer))
                    for trailer in (
                        b"X: a\r\n",
                        b"Content-Length: 5\r\nHost: b\r\n",
                        b"Transfer-Encoding: gzip\r\n",
                        b"Connection: close\r\n",
                        b"Expect: 100-continue\r\n",
                    )
                )
            ),
            *refused(
                *(
                    post(CHUNKED, body=chunks(BODY, trailer=trailer))
                    for trailer in (
                        b"X : a\r\n",
                        b"no colon\r\n",
                        b"X: a\n",
                        b"X: a\r\n b\r\n",
                        b"X: \x00\r\n",
                        b": a\r\n",
                        b"X: a\rb\r\n",
                        HIDDEN[:-2],
                    )
                )
            ),
            Case(
                post(CHUNKED, body=chunks(BODY, trailer=b"X: %b\r\n" % (b"a" * 5_000))) + HIDDEN, (400,), is_long=True
            ),
        ),
    ),
    Rule(
        "9.3",
        "HTTP/1.1 connections persist, HTTP/1.0 connections need not.",
        "An HTTP/1.0 connection ends with its response, whatever the client asks for.",
        (
            Case(b"GET /v1/x HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n" + NEXT, (404, 404)),
            Case(b"GET /v1/x HTTP/1.0\r\nHost: a\r\n\r\n" + HIDDEN, (404,)),
            Case(b"GET /v1/x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + HIDDEN, (404,)),
        ),
    ),
    Rule(
        "9.3",
        "The whole body is read, or the connection is closed: the rest of a body is not a request.",
        "It is read, even if the request was rejected.",
        (
            Case(
                b"POST /v1/things HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n"
                % len(HIDDEN)
                + HIDDEN
                + NEXT,
                (415, 404),
            ),
            Case(
                b"GET /v1/x HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN + NEXT, (404, 404)
            ),
            Case(
                b"GET /v1/echoes/7 HTTP/1.1\r\nHost: a\r\n%b\r\n\r\n" % CHUNKED + chunks(HIDDEN, HIDDEN) + NEXT,
                (200, 404),
            ),
            Case(b"PUT /v1/things HTTP/1.1\r\nHost: a\r\n%b\r\n\r\n" % CHUNKED + chunks(HIDDEN) + NEXT, (405, 404)),
        ),
    ),
    Rule(
        "9.3.2",
        "Responses come in the order of the requests.",
        "Yes.",
        (Case(HIDDEN.replace(CLOSING + b"\r\n", b"") + post(LENGTH) + NEXT, (200, 200, 404)),),
    ),
    Rule(
        "9.6",
        "After a request with `close`, or a response with it, nothing is processed.",
        "Nothing is read.",
        (
            *(Case(get() + rest, (404,)) for rest in (HIDDEN, b"\r\n" + HIDDEN, b"garbage", b"\x00")),
            Case(post(LENGTH, CLOSING) + HIDDEN, (200,)),
            Case(post(CHUNKED, b"Connection: x, CLOSE", body=HALVES) + HIDDEN, (200,)),
        ),
    ),
)
