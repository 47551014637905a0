"""The headers of a response, as lines where they can be sent as they are.

Most headers are the same for many responses. Their lines are made once, not for each response.
"""

from collections.abc import Iterable, Iterator, Sequence

from app.gateway.default_headers import DEFAULT_HEADERS, REVALIDATED_HEADERS

Header = tuple[bytes, bytes]

# With these, the server decides where the response ends and whether another one can follow it.
_FRAMING = (b"connection: ", b"transfer-encoding: ")


def header_lines(headers: Iterable[Header]) -> bytes | None:
    """Return headers as they are sent, or None if one of them is not a line or concerns the connection.

    Args:
        headers: names in lower case.
    """
    lines = [b"%b: %b\r\n" % header for header in headers]
    block = b"".join(lines)
    if not block.count(b"\n") == block.count(b"\r") == len(lines) or b"\0" in block:
        return None
    return None if _FRAMING[0] in block or _FRAMING[1] in block else block


class CommonHeaders:
    """Headers that many responses have.

    Attributes:
        lines: as they are sent.
    """

    def __init__(self, headers: Sequence[Header]) -> None:
        lines = header_lines(headers)
        assert lines is not None
        self.headers, self.lines = headers, lines


class ResponseHeaders:
    """The headers of a response whose whole body follows, for the `http.response.start` of ASGI.

    Args:
        own: of this response alone. Content-Length is the length of the body, except for HEAD.
        common: the others.
    """

    __slots__ = ("_common", "_own")

    def __init__(self, own: Sequence[Header], common: CommonHeaders) -> None:
        self._own, self._common = own, common

    def __iter__(self) -> Iterator[Header]:
        """Return all headers."""
        yield from self._own
        yield from self._common.headers

    def lines(self) -> bytes | None:
        """Return all headers as they are sent; None: as of `header_lines`."""
        own = header_lines(self._own)
        return None if own is None else own + self._common.lines


NOT_STORED = CommonHeaders(DEFAULT_HEADERS)
REVALIDATED = CommonHeaders(REVALIDATED_HEADERS)
