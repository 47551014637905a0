"""Where a request goes: RFC 9112, 3.2."""

from tests.integration.wire.rules.rule import Case, Rule, get, refused, taken

TARGET_RULES = (
    Rule(
        "3.2",
        "HTTP/1.1 without Host gets a 400.",
        "400. HTTP/1.0 may omit it.",
        (
            *refused(
                b"GET /v1/x HTTP/1.1\r\n\r\n",
                b"GET /v1/x HTTP/1.2\r\nX: b\r\n\r\n",
                b"GET http://a/v1/x HTTP/1.1\r\nX-Host: a\r\n\r\n",
            ),
            *taken(b"GET /v1/x HTTP/1.0\r\n\r\n"),
        ),
    ),
    Rule(
        "3.2",
        "More than one Host gets a 400.",
        "400, even if they are the same.",
        refused(
            get(b"Host: a"),
            get(b"Host: b"),
            get(b"hOST: a"),
            get(b"Host:"),
            b"GET /v1/x HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
        ),
    ),
    Rule(
        "3.2",
        "A Host with an invalid value gets a 400.",
        "400. It is `host[:port]` (RFC 3986, 3.2.2) and may be empty; nothing depends on it.",
        (
            *refused(
                *(
                    b"GET /v1/x HTTP/1.1\r\nHost: %b\r\n\r\n" % host
                    for host in (
                        b"a b",
                        b"a/b",
                        b"http://a",
                        b"u@a",
                        b"a:b",
                        b"a:80:80",
                        b"a?b",
                        b"a#b",
                        b"a\\b",
                        b"[::1",
                        b"[::z]",
                        b"[1.2.3.4]",
                        b"::1",
                        b"a:-1",
                        b"a\xff",
                        b"<a>",
                        b"a%zz",
                        b"a, b",
                        b'"a"',
                        b"a:8o",
                        b"a" * 300,
                    )
                )
            ),
            *taken(
                *(
                    b"GET /v1/x HTTP/1.1\r\nHost: %b\r\nConnection: close\r\n\r\n" % host
                    for host in (
                        b"",
                        b"a:",
                        b"a:80",
                        b"A-b_c.example.com.",
                        b"127.0.0.1:8080",
                        b"[::1]",
                        b"[::1]:80",
                        b"[v1.a]",
                        b"xn--bcher-kva.example",
                        b"%61",
                    )
                )
            ),
        ),
    ),
    Rule(
        "3.2.2",
        "The absolute form is accepted, and its host replaces Host.",
        "Yes.",
        taken(
            get(target=b"http://b/v1/x"),
            get(target=b"https://b:443/v1/x?a=b"),
            get(target=b"HTTP://[::1]:80/v1/x"),
            get(target=b"https://b.example./v1/x?"),
        ),
    ),
    Rule(
        "RFC 9110, 4.2",
        "An http address without a host, or with user information, is an error.",
        "400, as for other schemes.",
        refused(
            get(target=b"http:///v1/x"),
            get(target=b"http://:80/v1/x"),
            get(target=b"http://u@a/v1/x"),
            get(target=b"http://u:p@a/v1/x"),
            get(target=b"http://a:b/v1/x"),
            get(target=b"ftp://a/v1/x"),
            get(target=b"http:/v1/x"),
            get(target=b"file:///v1/x"),
            get(target=b"http://a\\b/v1/x"),
        ),
    ),
    Rule(
        "3.2.3",
        "Only CONNECT uses the authority form; a bad port is rejected.",
        "400 for both: Charter opens no tunnels.",
        refused(
            *(
                get(method=method, target=target)
                for method in (b"GET", b"CONNECT")
                for target in (b"a:443", b"a:", b"a:x", b"a:99999", b"a")
            )
        ),
    ),
    Rule(
        "3.2.4",
        "Only OPTIONS uses `*`.",
        "OPTIONS: 204 with every method in Allow. Others: 404.",
        (
            Case(get(method=b"OPTIONS", target=b"*"), (204,)),
            Case(get(method=b"OPTIONS", target=b"http://a"), (204,)),
            *taken(get(target=b"*"), get(method=b"POST", target=b"*")),
            *refused(get(method=b"OPTIONS", target=b"*/v1/x"), get(target=b"*?a")),
        ),
    ),
    Rule(
        "3.2",
        "A target has one of these four forms.",
        "Anything else: 400.",
        refused(*(get(target=target) for target in (b"v1/x", b"?/v1/x", b".", b"\\v1\\x", b"%2Fv1/x", b"mailto:a"))),
    ),
)
