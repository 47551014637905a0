"""The head of a request: its grammar as RFC 9112 has it, and how long the body behind it is.

Where RFC 9112 leaves a choice, the strict one is taken: a head that another server on the way could read differently is
rejected, not repaired. docs/http.md lists the rules one by one.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv6Address
from typing import NamedTuple, NoReturn

from app.errors import AppError, ValidationError

Headers = list[tuple[bytes, bytes]]

# A longer request line is rejected: no configuration allows a target as long.
MAX_LINE = 65_536

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]"
LINE = re.compile(rb"(%b{1,32}) ([!-\"$-~]+) HTTP/1\.([0-9])\r\n" % TOKEN)
# Lines of fields. Possessive, so that no other way is tried to match them.
FIELDS = re.compile(rb"(?:%b++:[\t\x20-\x7e\x80-\xff]*+\r\n)*+" % TOKEN)
# Name and value of each; anything else is matched as a field without a name.
_FIELDS = re.compile(rb"(%b++):[ \t]*+([\t\x20-\x7e\x80-\xff]*+)\r\n|.++" % TOKEN, re.DOTALL)
_BLANKS = b" \t"
_HOST = re.compile(
    rb"(?:\[(?P<v6>[0-9A-Fa-f:.]++)\]|\[[vV][0-9A-Fa-f]++\.[\w.~!$&'()*+,;=:-]++\]"
    rb"|(?:[\w.~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*+)(?::[0-9]*+)?",
    re.ASCII,
)
# The longest name that DNS knows has 253 characters.
_MAX_HOST = 260
_ABSOLUTE = re.compile(rb"https?://([^/?]*+)(/[^?]*+)?(?:\?(.*+))?", re.IGNORECASE)
# Nobody could send a body whose length has more than 18 digits.
_LENGTH = re.compile(rb"0*+([0-9]{1,18}|(?<=0))")
_SAME_MAJOR = re.compile(rb"[^ \r\n]++ [^ \r\n]++ HTTP/(?!1\.[0-9]\r\n)[0-9]\.[0-9]\r\n")

_ONE_HOST = "The Host header must be sent once, as host or host:port."
_NOT_HTTP = "The request line or a header is not valid HTTP."


class ProtocolError(Exception):
    """A request that cannot be read, so nothing after it on its connection can be read either.

    Attributes:
        response_error: what the client gets.
    """

    def __init__(self, response_error: AppError) -> None:
        self.response_error = response_error
        super().__init__(str(response_error))


class Head(NamedTuple):
    """The head of a request.

    Attributes:
        path: of the target, as it came; `*` for the server as a whole.
        version: "1.0" or "1.1"; a later 1.x counts as 1.1 (RFC 9110, 2.5).
        headers: names in lower case, values without the blanks around them, in their order.
        length: of the body, bytes; None: it is chunked.
        keep_alive: whether another request may follow.
        expects: whether the client waits for a 100 before it sends the body.
    """

    method: str
    path: bytes
    query: bytes
    version: str
    headers: Headers
    length: int | None
    keep_alive: bool
    expects: bool


def read_head(raw: bytes) -> Head:
    """Return the head of a request.

    Args:
        raw: from the request line to the empty line.

    Raises:
        ProtocolError
    """
    line = LINE.match(raw)
    if line is None:
        reject_syntax(raw)
    method, target, minor = line.groups()
    headers = _fields(raw, line.end())
    values = dict(headers)
    if len(values) < len(headers):
        values = _joined(headers)
    is_old = minor == b"0"
    host = values.get(b"host")
    if host is None:
        if not is_old:
            _reject("The Host header is missing: send it as host or host:port.")
    elif not is_host(host):
        _reject(_ONE_HOST)
    if target[0] == 0x2F:  # a slash
        path, _, query = target.partition(b"?")
    else:
        path, query, authority = _other_form(method, target)
        if authority:
            headers = _replaced(headers, b"host", authority)
    length = _length(values, is_old=is_old)
    if length is None and values[b"transfer-encoding"] != b"chunked":
        headers = _replaced(headers, b"transfer-encoding", b", ".join(elements(values[b"transfer-encoding"])))
    options, expected = values.get(b"connection"), values.get(b"expect")
    return Head(
        method.decode("ascii"),
        path,
        query,
        "1.0" if is_old else "1.1",
        headers,
        length,
        not is_old and (options is None or options == b"keep-alive" or b"close" not in elements(options)),
        expected is not None and b"100-continue" in elements(expected) and length != 0 and not is_old,
    )


def _fields(raw: bytes, start: int) -> Headers:
    """Return the fields of a head, whose lines begin at `start`."""
    end = len(raw) - 2
    if end == start:
        return []
    fields = _FIELDS.findall(raw, start, end)
    if not fields[-1][0]:
        reject_syntax(raw)
    # Of the characters that Python strips, a value can contain only a blank and a tab.
    return [(name.lower(), value.rstrip()) for name, value in fields]


def elements(value: bytes) -> list[bytes]:
    """Return the elements of a list of tokens in lower case, without empty ones (RFC 9110, 5.6.1)."""
    return [element for part in value.lower().split(b",") if (element := part.strip(_BLANKS))]


def is_host(value: bytes) -> bool:
    """Return whether a value is `uri-host [":" port]` (RFC 3986, 3.2.2); an empty host is one."""
    return len(value) <= _MAX_HOST and _matches_host(value)


@lru_cache(256)
def _matches_host(value: bytes) -> bool:
    match = _HOST.fullmatch(value)
    if match is None:
        return False
    if match["v6"] is None:
        return True
    try:
        IPv6Address(match["v6"].decode("ascii"))
    except ValueError:
        return False
    return True


def reject_syntax(raw: bytes) -> NoReturn:
    """Reject lines that are no head, and say what is wrong with them.

    Raises:
        ProtocolError
    """
    line, _, rest = raw.partition(b"\r\n")
    if _SAME_MAJOR.match(raw):
        _reject("The HTTP version is not supported: send HTTP/1.1.")
    if b"#" in line and LINE.match(line.replace(b"#", b"") + b"\r\n"):
        _reject("The request target has a fragment: send it without.")
    if LINE.match(raw) and any(part[:1] in (b" ", b"\t") for part in rest.split(b"\r\n")):
        _reject("A header is folded or begins with a blank: send each header on one line.")
    _reject(_NOT_HTTP)


def _reject(message: str) -> NoReturn:
    raise ProtocolError(ValidationError(message))


def _joined(headers: Headers) -> dict[bytes, bytes]:
    """Return the values by name, those of repeated headers as one list; Host must not be repeated."""
    values: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        values.setdefault(name, []).append(value)
    if len(values.get(b"host", ())) > 1:
        _reject(_ONE_HOST)
    return {name: b",".join(lines) for name, lines in values.items()}


def _replaced(headers: Headers, name: bytes, value: bytes) -> Headers:
    return [*(header for header in headers if header[0] != name), (name, value)]


def _other_form(method: bytes, target: bytes) -> tuple[bytes, bytes, bytes]:
    """Return path, query and authority of a target that is no path (RFC 9112, 3.2.2 to 3.2.4)."""
    if target == b"*":
        return b"*", b"", b""
    match = _ABSOLUTE.fullmatch(target)
    if match is None or not is_host(match[1]) or match[1][:1] in (b"", b":"):
        _reject("The request target must be a path or an http address.")
    path = match[2] or (b"*" if method == b"OPTIONS" and match[3] is None else b"/")
    return path, match[3] or b"", match[1]


def _length(headers: Mapping[bytes, bytes], *, is_old: bool) -> int | None:
    """Return the length of the body (RFC 9112, 6.3)."""
    coding, length = headers.get(b"transfer-encoding"), headers.get(b"content-length")
    if coding is not None:
        if length is not None or is_old:
            _reject("The body has two lengths: send Content-Length or, in HTTP/1.1, Transfer-Encoding.")
        codings = elements(coding)
        if codings[-1:] != [b"chunked"] or codings.count(b"chunked") > 1:
            _reject("The last Transfer-Encoding must be chunked, once and without parameters.")
        return None
    if length is None:
        return 0
    digits = _LENGTH.fullmatch(length)
    if digits is None:
        _reject("Content-Length must be one whole number.")
    return int(digits[1] or 0)
