"""CORS: which pages of other origins may read the responses (Fetch standard): an exact list, and no credentials."""

from app.config import Config
from app.config_parsers import Names, header_names
from app.pipeline.request_context import RequestContext

_METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
# The request headers that Charter reads and the response headers that it sends; the configuration adds to both.
_REQUEST_HEADERS = header_names(
    "authorization, content-type, if-match, if-none-match, idempotency-key, x-request-id"
    ", accept, accept-language, content-language"
)
_EXPOSED_HEADERS = header_names(
    "etag, link, location, ratelimit, ratelimit-policy, retry-after, x-request-id, idempotency-replayed, deprecation"
    ", sunset, allow, accept, accept-patch, accept-encoding, www-authenticate, date"
)


class Cors:
    """Makes the CORS headers of responses.

    Attributes:
        is_enabled: whether any other origin is allowed.
    """

    def __init__(self, config: Config) -> None:
        self._origins = frozenset(origin.encode() for origin in config.cors_origins)
        self.is_enabled = bool(self._origins)
        self._preflight = (
            (b"access-control-allow-methods", _METHODS),
            (b"access-control-allow-headers", _joined(_REQUEST_HEADERS, config.cors_request_headers)),
            (b"access-control-max-age", b"%d" % config.cors_max_age_seconds),
        )
        self._exposed = (b"access-control-expose-headers", _joined(_EXPOSED_HEADERS, config.cors_exposed_headers))

    def headers_for(self, context: RequestContext) -> list[tuple[bytes, bytes]]:
        """Return the CORS headers of the response to a request."""
        if not self.is_enabled:
            return []
        headers = [(b"vary", b"Origin")]
        origin = context.headers.get("origin", "").encode("latin-1")
        if origin not in self._origins:
            return headers
        headers.append((b"access-control-allow-origin", origin))
        if context.method == "OPTIONS" and "access-control-request-method" in context.headers:
            headers += self._preflight
            if context.headers.get("access-control-request-private-network") == "true":
                # Listing the origin of a public page means that it may call into a private network.
                headers.append((b"access-control-allow-private-network", b"true"))
        else:
            headers.append(self._exposed)
        return headers


def _joined(always: Names, more: Names) -> bytes:
    return str(Names(dict.fromkeys([*always, *more]))).encode()
