"""The requests of one connection, read from its bytes in whatever pieces they arrive."""

import re
from typing import NoReturn, Protocol

from app.errors import HeadersTooLarge, MalformedBody, UriTooLong
from app.gateway.http.request_head import FIELDS, LINE, MAX_LINE, TOKEN, Head, ProtocolError, read_head, reject_syntax

# How much of an incomplete head is buffered, besides its first line: more than any configuration allows.
_MAX_FIELDS = 70_000
# The line before a chunk, the chunk extensions of a whole request, and its trailer: all of them are ignored.
_MAX_BUFFERED = _MAX_EXTENSIONS = _MAX_TRAILER = 4_096

_CRLF = b"\r\n"
_END = b"\r\n\r\n"
_EMPTY_LINES = re.compile(rb"(?:\r\n)++")
_START = re.compile(rb"\r|%b" % TOKEN)
# A control character, or a line that does not end in CRLF: the head is invalid, however it goes on.
_BREAK = re.compile(rb"(?<!\r)\n|\r(?!\n|\Z)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_QUOTED = rb"\"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*+\""
_EXTENSION = rb"[ \t]*+;[ \t]*+%b++(?:[ \t]*+=[ \t]*+(?:%b++|%b))?+" % (TOKEN, TOKEN, _QUOTED)
_CHUNK = re.compile(rb"0*+([0-9A-Fa-f]{1,15}+|(?<=0))((?:%b)*+)\r\n" % _EXTENSION)


class Receiver(Protocol):
    """What the reader calls for each request."""

    def on_head(self, head: Head) -> None:
        """Begin a request."""

    def on_body(self, body: bytes) -> None:
        """Add a part of its body."""

    def on_end(self) -> None:
        """Complete it."""


class RequestReader:
    """Calls a receiver for the requests in a stream of bytes.

    The buffer is bounded, and no byte is searched again and again while others trickle in.
    """

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        # What is incomplete: a part of a head, of a line before a chunk, or of a trailer.
        self._buffer = bytearray()
        # How far a buffered head was searched for its end, and up to where its lines are known to be valid.
        self._searched = self._valid = self._fields_start = 0
        self._head: Head | None = None
        # How much of the body, or of the chunk, is still to come.
        self._left = 0
        self._extensions = 0
        self._after_chunk = self._in_trailer = False
        self._over = False

    @property
    def in_head(self) -> bool:
        """Whether a head has begun to arrive."""
        return self._head is None and bool(self._buffer)

    @property
    def in_body(self) -> bool:
        """Whether a request has begun whose body is not complete."""
        return self._head is not None

    @property
    def opening(self) -> bytes:
        """The first line of the head that is being read, or was rejected, as far as it has arrived."""
        return bytes(self._buffer[:MAX_LINE]).partition(b"\r")[0].partition(b"\n")[0]

    def feed(self, data: bytes) -> None:
        """Read data. After a request that ends its connection, or is rejected, nothing is read.

        Raises:
            ProtocolError: the data is not HTTP.
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
        except ProtocolError:
            self._over = True
            raise

    def _read_head(self, data: bytes, position: int) -> int:
        """Return how far it was read."""
        if self._buffer:
            return self._read_buffered_head(data, position)
        if data[position] == 0x0D and (empty := _EMPTY_LINES.match(data, position)):
            # RFC 9112, 2.2: empty lines before a request are ignored.
            return empty.end()
        end = data.find(_END, position) + len(_END)
        if end < len(_END):
            self._buffer += data[position:]
            self._check_buffered_head()
            return len(data)
        self._begin(data[position:end])
        return end

    def _read_buffered_head(self, data: bytes, position: int) -> int:
        buffer = self._buffer
        buffer += data[position:]
        if buffer[0] == 0x0D and (empty := _EMPTY_LINES.match(buffer)):
            del buffer[: empty.end()]
            rest = len(buffer)
            buffer.clear()
            return len(data) - rest
        end = buffer.find(_END, max(self._searched - len(_END) + 1, 0)) + len(_END)
        if end < len(_END):
            self._check_buffered_head()
            return len(data)
        raw, rest = bytes(buffer[:end]), len(buffer) - end
        buffer.clear()
        self._searched = self._valid = 0
        self._begin(raw)
        return len(data) - rest

    def _check_buffered_head(self) -> None:
        """Reject an incomplete head as soon as it cannot become valid, or is too large."""
        buffer, new = self._buffer, max(self._searched - 1, 0)
        if _BREAK.search(buffer, new) or not _START.match(buffer):
            reject_syntax(bytes(buffer))
        self._searched = len(buffer)
        end = buffer.rfind(_CRLF, max(self._valid, new)) + len(_CRLF)
        if end >= len(_CRLF):
            if not self._valid:
                line = LINE.match(buffer)
                if line is None:
                    reject_syntax(bytes(buffer))
                self._valid = self._fields_start = line.end()
            if FIELDS.fullmatch(buffer, self._valid, end) is None:
                reject_syntax(bytes(buffer))
            self._valid = end
        _check_size(self._fields_start if self._valid else len(buffer), len(buffer))

    def _begin(self, raw: bytes) -> None:
        try:
            if len(raw) > MAX_LINE:
                _check_size(raw.find(_CRLF), len(raw))
            head = read_head(raw)
        except ProtocolError:
            self._buffer += raw
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
        """Read what has arrived of a body of known length, or of a chunk."""
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
        """Read what is between chunks, and complete chunks; return how much is unread."""
        if self._buffer:
            rest = data[position:]
            if b"\n" not in rest:
                self._add_to_buffer(rest)
                return 0
            data, position = bytes(self._buffer) + rest, 0
            self._buffer.clear()
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
                    self._add_to_buffer(data[position:], broken=data[position:] != b"\r")
                    break
                position += len(_CRLF)
                self._after_chunk = False
                continue
            match = _CHUNK.match(data, position)
            if match is None:
                self._add_to_buffer(data[position:], broken=b"\n" in data[position:])
                break
            self._extensions += len(match[2])
            if self._extensions > _MAX_EXTENSIONS:
                _reject_body()
            length = int(match[1] or b"0", 16)
            position = match.end() + length
            pieces.append(data[match.end() : position])
            self._in_trailer = length == 0
            self._left = max(position - size, 0)
            self._after_chunk = not self._in_trailer and not self._left
        return b"".join(pieces), position

    def _read_trailer(self, data: bytes) -> int:
        """Skip the trailer (RFC 9112, 7.1.2: it may be discarded); return how much is unread."""
        end = 0 if data.startswith(_CRLF) else data.find(_END) + len(_CRLF)
        if end == 1:
            self._add_to_buffer(data, broken=_BREAK.search(data) is not None)
            return 0
        if end > _MAX_TRAILER or FIELDS.fullmatch(data, 0, end) is None:
            _reject_body()
        self._finish()
        return len(data) - end - len(_CRLF)

    def _add_to_buffer(self, rest: bytes, *, broken: bool = False) -> None:
        self._buffer += rest
        if broken or len(self._buffer) > _MAX_BUFFERED:
            _reject_body()


def _check_size(line: int, head: int) -> None:
    """Reject a head whose first line, or the rest of it, is longer than any configuration allows."""
    if line > MAX_LINE:
        raise ProtocolError(UriTooLong())
    if head - line > _MAX_FIELDS:
        raise ProtocolError(HeadersTooLarge())


def _reject_body() -> NoReturn:
    raise ProtocolError(
        MalformedBody("The body does not match its headers: send it as Content-Length or Transfer-Encoding says.")
    )
