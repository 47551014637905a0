"""The requests of one connection, read from its bytes in whatever pieces they arrive."""

import re
from typing import NoReturn, Protocol

from app.errors import HeadersTooLarge, MalformedBody, UriTooLong
from app.gateway.http.request_head import FIELDS, LINE, LINE_CAP, TOKEN, Head, Refused, read_head, refuse_syntax

# How much is kept of a head that has not arrived whole, beside its first line: more than any setting allows.
_FIELDS_CAP = 70_000
# The line before a chunk, the chunk extensions of a whole request, and its trailer: none of them means anything here.
_KEPT_OF_BODY_CAP = _EXTENSIONS_CAP = _TRAILER_CAP = 4_096

_CRLF = b"\r\n"
_END = b"\r\n\r\n"
_EMPTY_LINES = re.compile(rb"(?:\r\n)++")
_START = re.compile(rb"\r|%b" % TOKEN)
# A control character, or a line that does not end in CRLF: no head, however it goes on.
_BREAK = re.compile(rb"(?<!\r)\n|\r(?!\n|\Z)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_QUOTED = rb"\"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*+\""
_EXTENSION = rb"[ \t]*+;[ \t]*+%b++(?:[ \t]*+=[ \t]*+(?:%b++|%b))?+" % (TOKEN, TOKEN, _QUOTED)
_CHUNK = re.compile(rb"0*+([0-9A-Fa-f]{1,15}+|(?<=0))((?:%b)*+)\r\n" % _EXTENSION)


class Receiver(Protocol):
    """Who is told of the requests."""

    def on_head(self, head: Head) -> None:
        """Learn that a request has begun."""

    def on_body(self, body: bytes) -> None:
        """Take a part of its body."""

    def on_end(self) -> None:
        """Learn that it is complete."""


class RequestReader:
    """Tells a receiver of the requests in a stream of bytes.

    What is kept is bounded, and no byte is looked at again and again as others trickle in.
    """

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        # What cannot be told yet: a part of a head, of a line before a chunk, or of a trailer.
        self._kept = bytearray()
        # How far a head that is kept was searched for its end, and up to where its lines are known to be right.
        self._searched = self._known = self._fields_start = 0
        self._head: Head | None = None
        # How much of the body, or of the chunk, is to come.
        self._left = 0
        self._extensions = 0
        self._after_chunk = self._in_trailer = False
        self._over = False

    @property
    def in_head(self) -> bool:
        """Whether a head has begun to arrive."""
        return self._head is None and bool(self._kept)

    @property
    def in_body(self) -> bool:
        """Whether a head was told whose body is not complete."""
        return self._head is not None

    @property
    def opening(self) -> bytes:
        """The first line of the head that is being read, or was refused, as far as it is there."""
        return bytes(self._kept[:LINE_CAP]).partition(b"\r")[0].partition(b"\n")[0]

    def feed(self, data: bytes) -> None:
        """Read on. Behind a request that ends its connection, or is refused, nothing is read.

        Raises:
            Refused: what came is not HTTP.
        """
        position, size = 0, len(data)
        try:
            while position < size and not self._over:
                if self._head is None:
                    position = self._read_head(data, position)
                elif self._left:
                    position = self._read_data(data, position)
                else:
                    position = size - self._read_chunks(data, position)
        except Refused:
            self._over = True
            raise

    def _read_head(self, data: bytes, position: int) -> int:
        """Return how far it was read."""
        if self._kept:
            return self._read_kept_head(data, position)
        if data[position] == 0x0D and (empty := _EMPTY_LINES.match(data, position)):
            # RFC 9112, 2.2: an empty line before a request counts for nothing.
            return empty.end()
        end = data.find(_END, position) + len(_END)
        if end < len(_END):
            self._kept += data[position:]
            self._check_kept()
            return len(data)
        self._tell(data[position:end])
        return end

    def _read_kept_head(self, data: bytes, position: int) -> int:
        kept = self._kept
        kept += data[position:]
        if kept[0] == 0x0D and (empty := _EMPTY_LINES.match(kept)):
            del kept[: empty.end()]
            rest = len(kept)
            kept.clear()
            return len(data) - rest
        end = kept.find(_END, max(self._searched - len(_END) + 1, 0)) + len(_END)
        if end < len(_END):
            self._check_kept()
            return len(data)
        raw, rest = bytes(kept[:end]), len(kept) - end
        kept.clear()
        self._searched = self._known = 0
        self._tell(raw)
        return len(data) - rest

    def _check_kept(self) -> None:
        """Refuse a head that has not arrived whole as soon as it cannot become one, or is too large."""
        kept, new = self._kept, max(self._searched - 1, 0)
        if _BREAK.search(kept, new) or not _START.match(kept):
            refuse_syntax(bytes(kept))
        self._searched = len(kept)
        end = kept.rfind(_CRLF, max(self._known, new)) + len(_CRLF)
        if end >= len(_CRLF):
            if not self._known:
                line = LINE.match(kept)
                if line is None:
                    refuse_syntax(bytes(kept))
                self._known = self._fields_start = line.end()
            if FIELDS.fullmatch(kept, self._known, end) is None:
                refuse_syntax(bytes(kept))
            self._known = end
        _check_size(self._fields_start if self._known else len(kept), len(kept))

    def _tell(self, raw: bytes) -> None:
        try:
            if len(raw) > LINE_CAP:
                _check_size(raw.find(_CRLF), len(raw))
            head = read_head(raw)
        except Refused:
            self._kept += raw
            raise
        self._head, self._left = head, head.length or 0
        self._receiver.on_head(head)
        if head.length == 0:
            self._finish()

    def _finish(self) -> None:
        assert self._head is not None
        self._over = not self._head.keep_alive
        self._head = None
        self._extensions = 0
        self._in_trailer = False
        self._receiver.on_end()

    def _read_data(self, data: bytes, position: int) -> int:
        """Take what is there of a body of known length, or of a chunk."""
        assert self._head is not None
        end = min(position + self._left, len(data))
        self._left -= end - position
        self._receiver.on_body(data[position:end])
        if not self._left:
            if self._head.length is None:
                self._after_chunk = True
            else:
                self._finish()
        return end

    def _read_chunks(self, data: bytes, position: int) -> int:
        """Read what stands between chunks, and chunks that are there whole; return how much is unread."""
        if self._kept:
            rest = data[position:]
            if b"\n" not in rest:
                self._keep(rest)
                return 0
            data, position = bytes(self._kept) + rest, 0
            self._kept.clear()
        if not self._in_trailer:
            body, position = self._take_chunks(data, position)
            if body:
                self._receiver.on_body(body)
        return self._read_trailer(data[position:]) if self._in_trailer else 0

    def _take_chunks(self, data: bytes, position: int) -> tuple[bytes, int]:
        """Return the data of the chunks, and how far they go."""
        pieces, size = [], len(data)
        while position < size and not self._in_trailer:
            if self._after_chunk:
                if not data.startswith(_CRLF, position):
                    self._keep(data[position:], broken=data[position:] != b"\r")
                    break
                position += len(_CRLF)
                self._after_chunk = False
                continue
            found = _CHUNK.match(data, position)
            if found is None:
                self._keep(data[position:], broken=b"\n" in data[position:])
                break
            self._extensions += len(found[2])
            if self._extensions > _EXTENSIONS_CAP:
                _refuse_body()
            length = int(found[1] or b"0", 16)
            position = found.end() + length
            pieces.append(data[found.end() : position])
            self._in_trailer = length == 0
            self._left = max(position - size, 0)
            self._after_chunk = not self._in_trailer and not self._left
        return b"".join(pieces), position

    def _read_trailer(self, data: bytes) -> int:
        """Pass over the trailer (RFC 9112, 7.1.2: it may be discarded); return how much is unread."""
        end = 0 if data.startswith(_CRLF) else data.find(_END) + len(_CRLF)
        if end == 1:
            self._keep(data, broken=_BREAK.search(data) is not None)
            return 0
        if end > _TRAILER_CAP or FIELDS.fullmatch(data, 0, end) is None:
            _refuse_body()
        self._finish()
        return len(data) - end - len(_CRLF)

    def _keep(self, rest: bytes, *, broken: bool = False) -> None:
        self._kept += rest
        if broken or len(self._kept) > _KEPT_OF_BODY_CAP:
            _refuse_body()


def _check_size(line: int, head: int) -> None:
    """Refuse a head whose first line, or what follows it, is longer than any setting allows."""
    if line > LINE_CAP:
        raise Refused(UriTooLong())
    if head - line > _FIELDS_CAP:
        raise Refused(HeadersTooLarge())


def _refuse_body() -> NoReturn:
    raise Refused(MalformedBody("The body does not come as its headers say."))
