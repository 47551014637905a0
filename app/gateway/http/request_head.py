"""The head of a request: its grammar as RFC 9112 has it, and how long the body behind it is.

Strict where RFC 9112 leaves a choice: what another server on the way could read differently is refused, not repaired.
docs/http.md lists the rules one by one.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv6Address
from typing import NamedTuple, NoReturn

from app.errors import AppError, ValidationError

Headers = list[tuple[bytes, bytes]]

# Longer methods and targets are no request line: no setting allows a target as long.
LINE_CAP = 65_536

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]"
LINE = re.compile(rb"(%b{1,32}) ([!-\"$-~]+) HTTP/1\.([0-9])\r\n" % TOKEN)
# Lines of fields. Possessive: what does not match is not tried in other ways.
FIELDS = re.compile(rb"(?:%b++:[\t\x20-\x7e\x80-\xff]*+\r\n)*+" % TOKEN)
# Name and value of each; what is no field is found as one without a name.
_FIELDS = re.compile(rb"(%b++):[ \t]*+([\t\x20-\x7e\x80-\xff]*+)\r\n|.++" % TOKEN, re.DOTALL)
_BLANKS = b" \t"
_HOST = re.compile(
    rb"(?:\[(?P<v6>[0-9A-Fa-f:.]++)\]|\[[vV][0-9A-Fa-f]++\.[\w.~!$&'()*+,;=:-]++\]"
    rb"|(?:[\w.~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*+)(?::[0-9]*+)?",
    re.ASCII,
)
# The longest name that DNS knows has 253 characters.
_LONGEST_HOST = 260
_ABSOLUTE = re.compile(rb"https?://([^/?]*+)(/[^?]*+)?(?:\?(.*+))?", re.IGNORECASE)
# Above 18 digits there is no body that anybody could send.
_LENGTH = re.compile(rb"0*+([0-9]{1,18}|(?<=0))")
_SAME_MAJOR = re.compile(rb"[^ \r\n]++ [^ \r\n]++ HTTP/(?!1\.[0-9]\r\n)[0-9]\.[0-9]\r\n")

_ONE_HOST = "Send the Host header once, as host or host:port."
_NOT_HTTP = "The request line or a header is not valid HTTP."


class Refused(Exception):
    """A request that cannot be read; what follows on its connection cannot either.

    Attributes:
        error: the answer.
    """

    def __init__(self, error: AppError) -> None:
        self.error = error
        super().__init__(str(error))


class Head(NamedTuple):
    """What the head of a request says.

    Attributes:
        path: of the target, as it came; `*` for the server as a whole.
        version: "1.0" or "1.1"; a later 1.x is 1.1 to us (RFC 9110, 2.5).
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
    """Return what a head says.

    Args:
        raw: from the request line to the empty line.

    Raises:
        Refused
    """
    line = LINE.match(raw)
    if line is None:
        refuse_syntax(raw)
    method, target, minor = line.groups()
    headers = _fields(raw, line.end())
    found = dict(headers)
    if len(found) < len(headers):
        found = _joined(headers)
    is_old = minor == b"0"
    host = found.get(b"host")
    if host is None:
        if not is_old:
            _refuse("Send a Host header.")
    elif not is_host(host):
        _refuse(_ONE_HOST)
    if target[0] == 0x2F:  # a slash
        path, _, query = target.partition(b"?")
    else:
        path, query, authority = _other_form(method, target)
        if authority:
            headers = _replaced(headers, b"host", authority)
    length = _length(found, is_old=is_old)
    if length is None and found[b"transfer-encoding"] != b"chunked":
        headers = _replaced(headers, b"transfer-encoding", b", ".join(elements(found[b"transfer-encoding"])))
    options, expected = found.get(b"connection"), found.get(b"expect")
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
        refuse_syntax(raw)
    # Of what is space to Python, only a blank and a tab can be left in a value.
    return [(name.lower(), value.rstrip()) for name, value in fields]


def elements(value: bytes) -> list[bytes]:
    """Return the elements of a list of tokens in lower case, without empty ones (RFC 9110, 5.6.1)."""
    return [element for part in value.lower().split(b",") if (element := part.strip(_BLANKS))]


def is_host(value: bytes) -> bool:
    """Tell whether a value is `uri-host [":" port]` (RFC 3986, 3.2.2); an empty host is one."""
    return len(value) <= _LONGEST_HOST and _matches_host(value)


@lru_cache(256)
def _matches_host(value: bytes) -> bool:
    found = _HOST.fullmatch(value)
    if found is None:
        return False
    if found["v6"] is None:
        return True
    try:
        IPv6Address(found["v6"].decode("ascii"))
    except ValueError:
        return False
    return True


def refuse_syntax(raw: bytes) -> NoReturn:
    """Say what is wrong with lines that are no head.

    Raises:
        Refused
    """
    line, _, rest = raw.partition(b"\r\n")
    if _SAME_MAJOR.match(raw):
        _refuse("This server speaks HTTP/1.1.")
    if b"#" in line and LINE.match(line.replace(b"#", b"") + b"\r\n"):
        _refuse("The request target has a fragment, which is not sent to a server.")
    if LINE.match(raw) and any(part[:1] in (b" ", b"\t") for part in rest.split(b"\r\n")):
        _refuse("A header is folded or begins with a blank: send each on one line.")
    _refuse(_NOT_HTTP)


def _refuse(message: str) -> NoReturn:
    raise Refused(ValidationError(message))


def _joined(headers: Headers) -> dict[bytes, bytes]:
    """Return the values by name, those of several lines as one list; what must be there once is a list to no reader."""
    found: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        found.setdefault(name, []).append(value)
    if len(found.get(b"host", ())) > 1:
        _refuse(_ONE_HOST)
    return {name: b",".join(values) for name, values in found.items()}


def _replaced(headers: Headers, name: bytes, value: bytes) -> Headers:
    return [*(header for header in headers if header[0] != name), (name, value)]


def _other_form(method: bytes, target: bytes) -> tuple[bytes, bytes, bytes]:
    """Return path, query and authority of a target that is no path (RFC 9112, 3.2.2 to 3.2.4)."""
    if target == b"*":
        return b"*", b"", b""
    found = _ABSOLUTE.fullmatch(target)
    if found is None or not is_host(found[1]) or found[1][:1] in (b"", b":"):
        _refuse("The request target is neither a path nor an http address.")
    path = found[2] or (b"*" if method == b"OPTIONS" and found[3] is None else b"/")
    return path, found[3] or b"", found[1]


def _length(found: Mapping[bytes, bytes], *, is_old: bool) -> int | None:
    """Return the length of the body (RFC 9112, 6.3)."""
    coding, length = found.get(b"transfer-encoding"), found.get(b"content-length")
    if coding is not None:
        if length is not None or is_old:
            _refuse("Send Content-Length or, in HTTP/1.1, Transfer-Encoding: not both.")
        codings = elements(coding)
        if codings[-1:] != [b"chunked"] or codings.count(b"chunked") > 1:
            _refuse("The last Transfer-Encoding must be chunked, once and without parameters.")
        return None
    if length is None:
        return 0
    digits = _LENGTH.fullmatch(length)
    if digits is None:
        _refuse("Content-Length must be one whole number.")
    return int(digits[1] or 0)
