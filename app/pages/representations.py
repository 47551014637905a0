"""Content that stays the same while a process runs, sent with an ETag, and compressed for clients that accept it."""

import gzip
import hashlib
import re
from functools import cached_property

from werkzeug.wrappers import Response

from app.entity_tags import is_unchanged

# Clients notice a new release within five minutes, and the tag makes revalidation cheap.
CACHE_CONTROL = "public, max-age=300"
# For an address that names the content, such as `redoc.js?v=1f3b`: other content has another address.
IMMUTABLE = "public, max-age=31536000, immutable"
_WEIGHT = re.compile(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.ASCII)
# Compressing fewer bytes would save nothing.
_MIN_COMPRESSED = 512


class Representation:
    """Content to be sent, plain or compressed.

    Args:
        content: the plain bytes, or with `packed` those of gzip.
        media_type: for Content-Type.
        headers: more headers.
        compresses: False for content that is compressed already, such as an image.
        packed: whether the content comes compressed by gzip.
    """

    def __init__(
        self,
        content: bytes,
        media_type: str,
        *,
        headers: dict[str, str] | None = None,
        compresses: bool = True,
        packed: bool = False,
    ) -> None:
        self._content = content
        self._packed = packed
        self._media_type = media_type
        self._headers = headers or {}
        self._compresses = packed or (compresses and len(content) >= _MIN_COMPRESSED)
        if self._compresses:
            self._headers = {**self._headers, "Vary": "Accept-Encoding"}
        self._tag = hashlib.sha256(content).hexdigest()[:32]

    @cached_property
    def version(self) -> str:
        """The first letters of the tag, for an address that names the content."""
        return self._tag[:16]

    @cached_property
    def _plain(self) -> bytes:
        return gzip.decompress(self._content) if self._packed else self._content

    @cached_property
    def _compressed(self) -> bytes:
        # Made on first use: a start does not wait for it. Without a time inside, all workers send the same bytes.
        return self._content if self._packed else gzip.compress(self._content, compresslevel=6, mtime=0)

    def respond(
        self, *, accept_encoding: str | None, if_none_match: str | None, version: str | None = None
    ) -> Response:
        """Return the response: the content, or a 304 for a client that has it already.

        Args:
            accept_encoding, if_none_match: headers of the request.
            version: what the address says about the content. During an upgrade, a page of one release may ask a server
                of another: then the content is that of this server, and is not stored for long.
        """
        compressed = self._compresses and wants_gzip(accept_encoding)
        tag = f"{self._tag}-gzip" if compressed else self._tag
        cache_control = IMMUTABLE if version == self.version else CACHE_CONTROL
        headers = {"Cache-Control": cache_control, **self._headers, "ETag": f'"{tag}"'}
        if is_unchanged(if_none_match, self._tag):
            return Response(status=304, headers=headers)
        if compressed:
            headers["Content-Encoding"] = "gzip"
        body = self._compressed if compressed else self._plain
        return Response(body, mimetype=self._media_type, headers=headers)


def wants_gzip(accept_encoding: str | None) -> bool:
    """Return whether an Accept-Encoding header prefers gzip to no coding (RFC 9110, 12.5.3).

    Elements that cannot be read are ignored.
    """
    weights: dict[str, float] = {}
    for element in (accept_encoding or "").lower().split(","):
        name, *parameters = (part.strip() for part in element.split(";"))
        weight = _weight(parameters)
        if name and weight is not None:
            weights[name] = weight
    gzip_weight = weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0)))
    return gzip_weight > 0 and gzip_weight >= weights.get("identity", 0.0)


def _weight(parameters: list[str]) -> float | None:
    if not parameters:
        return 1.0
    name, _, value = parameters[0].partition("=")
    if len(parameters) > 1 or name.strip() != "q" or not _WEIGHT.fullmatch(value.strip()):
        return None
    return float(value)
