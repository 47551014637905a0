"""Lines, the request line and its parts: RFC 9112, 2 and 3."""

from tests.integration.wire.rules.rule import (
    CHUNKED,
    HALVES,
    LENGTH,
    NEXT,
    Case,
    Rule,
    echoed,
    get,
    line,
    post,
    refused,
    taken,
)

LINE_RULES = (
    Rule(
        "2.2",
        "A line ends in CRLF; a server may accept a bare LF instead.",
        "A bare LF is rejected: 400.",
        refused(
            b"GET /v1/x HTTP/1.1\nHost: a\n\n",
            b"GET /v1/x HTTP/1.1\nHost: a\r\n\r\n",
            b"GET /v1/x HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
            b"GET /v1/x HTTP/1.1\r\nHost: a\r\n\n",
            b"\nGET /v1/x HTTP/1.1\r\nHost: a\r\n\r\n",
        ),
    ),
    Rule(
        "2.2",
        "A bare CR makes the element that contains it invalid.",
        "Rejected: 400.",
        refused(
            get(b"X: a\rb"),
            get(b"X: a\r\r"),
            line(b"GET /v1/x HTTP/1.1\r"),
            line(b"GET /v1\r/x HTTP/1.1"),
            get(b"\rX: a"),
            get(b"X\r: a"),
        ),
    ),
    Rule(
        "2.2",
        "At least one empty line before a request is ignored.",
        "Any number is ignored.",
        (
            *taken(b"\r\n" + NEXT, b"\r\n\r\n\r\n" + NEXT),
            *echoed(post(LENGTH) + b"\r\n", post(CHUNKED, body=HALVES) + b"\r\n\r\n"),
        ),
    ),
    Rule(
        "2.2",
        "Whitespace between the request line and the first header is rejected, or its line ignored.",
        "Rejected: 400.",
        refused(
            b"GET /v1/x HTTP/1.1\r\n Host: a\r\n\r\n",
            b"GET /v1/x HTTP/1.1\r\n\tX: b\r\nHost: a\r\n\r\n",
            b"GET /v1/x HTTP/1.1\r\n \r\nHost: a\r\n\r\n",
        ),
    ),
    Rule(
        "2.2",
        "A message that does not match the grammar gets a 400, and the connection is closed.",
        "Yes; in plain text if it does not begin like a request.",
        refused(
            b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
            b"SSH-2.0-OpenSSH_9.9\r\n\r\n",
            b"\x00\r\n\r\n",
            b"hello\r\n\r\n",
            b": a\r\n\r\n",
            line(b"GET"),
            line(b"GET /v1/x"),
            get(b"no colon"),
            get(b"X"),
            get(b" "),
        ),
    ),
    Rule(
        "2.3",
        "HTTP-name is case-sensitive, and a version is two digits with a point.",
        "Anything else: 400.",
        refused(
            *(
                line(b"GET /v1/x " + version)
                for version in (
                    b"http/1.1",
                    b"Http/1.1",
                    b"HTTPS/1.1",
                    b"HTTP/1",
                    b"HTTP/11",
                    b"HTTP/1.10",
                    b"HTTP/01.1",
                    b"HTTP/1,1",
                    b"HTTP/ 1.1",
                    b"HTTP /1.1",
                    b"HTTP/1.1x",
                    b"HTTP/1.x",
                    b"HTTP/+1.1",
                    b"ICAP/1.0",
                )
            )
        ),
    ),
    Rule(
        "2.3",
        "A server may reject another major version.",
        "400, in HTTP/1.1; HTTP/0.9 has no version to read: 400.",
        refused(
            *(line(b"GET /v1/x " + version) for version in (b"HTTP/2.0", b"HTTP/3.0", b"HTTP/0.9", b"HTTP/9.9")),
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"GET /v1/x\r\n\r\n",
            b"GET /v1/x \r\n\r\n",
        ),
    ),
    Rule(
        "RFC 9110, 2.5",
        "A later minor version is processed as the highest that the server knows.",
        "HTTP/1.1.",
        taken(line(b"GET /v1/x HTTP/1.2"), line(b"GET /v1/x HTTP/1.9")),
    ),
    Rule(
        "3",
        "Single spaces separate the parts of the request line; a server may allow other whitespace.",
        "Anything else is rejected: 400.",
        refused(
            line(b"GET  /v1/x HTTP/1.1"),
            line(b"GET /v1/x  HTTP/1.1"),
            line(b"GET\t/v1/x HTTP/1.1"),
            line(b"GET /v1/x\tHTTP/1.1"),
            line(b" GET /v1/x HTTP/1.1"),
            line(b"GET /v1/x HTTP/1.1 "),
            line(b"GET /v1/x\x0bHTTP/1.1"),
            line(b"GET\x0c/v1/x HTTP/1.1"),
            line(b"GET\xa0/v1/x HTTP/1.1"),
            line(b"GET  HTTP/1.1"),
            line(b" /v1/x HTTP/1.1"),
        ),
    ),
    Rule(
        "3.1",
        "A method is a token, and case-sensitive.",
        "Anything but a token: 400. An unknown method is like one that the path does not have: 404, 405.",
        (
            *refused(
                *(
                    line(method + b" /v1/x HTTP/1.1")
                    for method in (b"G(T", b"G\xc9T", b"GET:", b"G\x00T", b'"GET"', b"GET,GET", b"{}", b"G/T")
                )
            ),
            *taken(get(method=b"FOO"), get(method=b"get"), get(method=b"M-SEARCH"), get(method=b"!#$%&'*+-.^_`|~09")),
            Case(get(method=b"get", target=b"/v1/things"), (405,)),
        ),
    ),
    Rule(
        "3.1", "A method longer than any known gets a 501.", "Above 32 characters: 400.", refused(get(method=b"X" * 33))
    ),
    Rule(
        "3",
        "A target that is longer than the server is willing to parse gets a 414.",
        "Above URI_LIMIT: 414, whatever its length.",
        (
            Case(get(target=b"/v1/" + b"a" * 9_000), (414,), b"URI_TOO_LONG", is_long=True),
            *(case._replace(is_long=True) for case in refused(get(target=b"/" + b"a" * 90_000), status=414)),
            Case(b"GET /" + b"a" * 140_000, (414,), b"URI_TOO_LONG", is_long=True),
        ),
    ),
    Rule(
        "3.2",
        "A target has no whitespace and only ASCII; an invalid target is not repaired.",
        "Rejected: 400. Visible ASCII characters that RFC 3986 does not allow stand for themselves.",
        (
            *refused(
                *(
                    line(b"GET " + target + b" HTTP/1.1")
                    for target in (
                        b"/v1/x y",
                        b"/v1/\xff",
                        b"/v1/\xc3\xa9",
                        b"/v1/\x00",
                        b"/v1/\x7f",
                        b"/v1/x?a b",
                        b"/v1/x?\xff",
                    )
                )
            ),
            *taken(get(target=b'/v1/<x>"{|}^`\\?[]')),
        ),
    ),
    Rule(
        "3.2",
        "A target has no fragment.",
        "Rejected: 400.",
        refused(get(target=b"/v1/x#"), get(target=b"/v1/x#a"), get(target=b"#"), get(target=b"/v1/x?a#b?c")),
    ),
)
