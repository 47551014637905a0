"""Content that stays the same while a process runs, sent with an ETag, and compressed for clients that accept it."""

import gzip
import hashlib
import re
from functools import cached_property
from pathlib import Path

from werkzeug.wrappers import Response

from app.entity_tags import is_unchanged

# Clients notice a new release within five minutes, and the tag makes revalidation cheap.
CACHE_CONTROL = "public, max-age=300"
# For an address that names the content, such as `redoc.js?v=1f3b`: other content has another address.
IMMUTABLE = "public, max-age=31536000, immutable"
_WEIGHT = re.compile(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.ASCII)
# Compressing fewer bytes would save nothing.
_MIN_COMPRESSED = 512
# More than this is kept compressed alone: most workers are never asked for it.
_MAX_PLAIN = 64 * 1024
_VERSION_LENGTH = 16


class Representation:
    """Content to be sent, plain or compressed.

    Args:
        content: the plain bytes, or with `packed` those of gzip.
        packed: whether the content comes compressed by gzip.
        media_type: for Content-Type.
        headers: more headers.
        compresses: False for content that is compressed already, such as an image.
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
        self._tag = _tag_of(content)
        if self._compresses and not packed and len(content) > _MAX_PLAIN:
            self._content, self._packed = _compress(content), True

    @property
    def version(self) -> str:
        """The first letters of the tag, for an address that names the content."""
        return self._tag[:_VERSION_LENGTH]

    @property
    def content(self) -> bytes:
        """The plain content."""
        content, _ = self._current()
        return gzip.decompress(content) if self._packed else content

    def _current(self) -> tuple[bytes, str]:
        """Return the content as it is kept, and its tag."""
        return self._content, self._tag

    @cached_property
    def _compressed(self) -> bytes:
        # Made on first use: a start does not wait for it.
        return _compress(self._content)

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
        content, plain_tag = self._current()
        tag = f"{plain_tag}-gzip" if compressed else plain_tag
        cache_control = IMMUTABLE if version == plain_tag[:_VERSION_LENGTH] else CACHE_CONTROL
        headers = {"Cache-Control": cache_control, **self._headers, "ETag": f'"{tag}"'}
        if is_unchanged(if_none_match, plain_tag):
            return Response(status=304, headers=headers)
        if compressed:
            headers["Content-Encoding"] = "gzip"
        if self._packed:
            body = content if compressed else gzip.decompress(content)
        else:
            body = self._compressed if compressed else content
        return Response(body, mimetype=self._media_type, headers=headers)


class PackedFile(Representation):
    """A file that is compressed by gzip. It is read each time, since most workers are never asked for it.

    Args:
        file: if it has changed since the start, its tag has, too.
        media_type: for Content-Type.
    """

    def __init__(self, file: Path, media_type: str) -> None:
        super().__init__(file.read_bytes(), media_type, packed=True)
        self._content = b""
        self._file = file

    def _current(self) -> tuple[bytes, str]:
        content = self._file.read_bytes()
        return content, _tag_of(content)


def _compress(content: bytes) -> bytes:
    # Without a time inside, all workers send the same bytes.
    return gzip.compress(content, compresslevel=6, mtime=0)


def _tag_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


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
