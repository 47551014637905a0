"""The headers that every response has; a page may set its own in place of one."""

DEFAULT_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"strict-transport-security", b"max-age=31536000"),
    (b"cache-control", b"no-store"),
)
# For a response that the client may store, if it revalidates it before each use (RFC 9111, 5.2.2).
REVALIDATED_HEADERS = (*DEFAULT_HEADERS[:-1], (b"cache-control", b"private, no-cache"), (b"vary", b"Authorization"))
