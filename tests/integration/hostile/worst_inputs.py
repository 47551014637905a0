"""The worst of every kind that a field, a parameter or a header can be sent, as large as it is asked for.

Each kind is aimed at something that touches requests: normalisation, regular expressions, the parser of JSON, the
comparison of items, IDNA, dates, base64, lists in headers, percent-encoding.
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Any

Text = Callable[[int], str]
"""Returns a text of about so many bytes of UTF-8."""


def repeated(piece: str, *, before: str = "", after: str = "") -> Text:
    """Return the text that a piece repeated makes between two others."""
    width = len(piece.encode())
    return lambda size: before + piece * max((size - len((before + after).encode())) // width, 1) + after


def halves(first: str, second: str, *, before: str = "", after: str = "") -> Text:
    """Return the text of one piece repeated and then another."""
    return lambda size: before + repeated(first)(size // 2) + repeated(second)(size // 2) + after


TEXTS: Mapping[str, Text] = {
    "one letter": repeated("a"),
    "blanks": repeated(" "),
    "blanks between letters": repeated(" ", before="a", after="a"),
    "marks of two classes in turn": repeated("\u0315\u0323", before="a"),
    "marks of two classes": halves("\u0315", "\u0323", before="a"),
    "marks in an address": halves("\u0315", "\u0323", before="a", after="@example.com"),
    "marks in a domain": halves("\u0315", "\u0323", before="a@a", after=".com"),
    "marks beyond the first plane": repeated("\U0001d165\U0001d16d"),
    "characters that become marks": repeated("\u0344\u0f73"),
    "characters that become eighteen": repeated("\ufdfa"),
    "characters that become eighteen, in a domain": repeated("\ufdfa", before="a@", after=".com"),
    "jamo": repeated("\u1100\u1161\u11a8"),
    "letters that fold to two": repeated("\xdf\u0130\ufb03"),
    "long labels": repeated("\u4e00\u4e01\u4e02", before="a@", after=".com"),
    "labels": repeated("\xe9.", before="a@", after="com"),
    "an address of 254": lambda size: "a@" + "".join(chr(0x4E00 + number) for number in range(min(size, 750) // 3)),
    "labels in an address of 254": lambda _: "a@" + ".".join("\xe9\u4e00\u0628" * 19 for _ in range(4)) + ".com",
    "joiners": repeated("\u0628\u200d", before="a@", after=".com"),
    "dots": repeated("a."),
    "dots in an address": repeated("a.", before="a@"),
    "hyphens in an address": repeated("a-", before="a@"),
    "at signs": repeated("a@"),
    "wide at signs": repeated("\uff20"),
    "a local part": repeated("a", after="@example.com"),
    "control characters": repeated("\x01"),
    "characters nobody sees": repeated("\u200b"),
    "line breaks": repeated("\r\n"),
    "tags": repeated("\U000e0041"),
    "digits": repeated("9"),
    "digits of another script": repeated("\u0663"),
    "a fraction": repeated("1", before="1."),
    "an exponent": repeated("0", before="1e", after="1"),
    "a date": repeated("0", before="2026-01-01T00:00:00.", after="Z"),
    "hyphens": repeated("-"),
    "a UUID": repeated("0123abcd-"),
    "a locale": repeated("-abcde", before="en", after="!"),
    "extensions of a locale": repeated("-u-aa", before="en", after="!"),
    "a zone": repeated("../", after="UTC"),
    "colons in a URL": repeated("a:", before="https://"),
    "escapes in a URL": repeated("%41", before="https://a/", after="%4"),
    "an IPv6 address": repeated(":", before="https://[", after="]"),
    "schemes": repeated("://a:"),
    "beginnings of tokens": repeated("eyJ"),
    "quotes": repeated('"'),
    "backslashes": repeated("\\"),
    "slashes": repeated("/"),
    "wildcards": repeated("%_"),
    "commas": repeated(","),
    "semicolons": repeated(";"),
    "base64": repeated("QUJD"),
    "words with underlines": repeated("a_"),
    "words with colons": repeated("a:a"),
}

Items = Callable[[int], Any]
"""Returns a value that is about so many bytes as JSON."""

VALUES: Mapping[str, Items] = {
    "ones": lambda size: [1] * (size // 2),
    "numbers": lambda size: list(range(size // 6)),
    "numbers of one double": lambda size: list(range(2**62, 2**62 + size // 20)),
    "doubles": lambda size: [number + 0.5 for number in range(size // 8)],
    "long fractions": lambda size: [0.1234567890123456] * (size // 19),
    "texts": lambda size: [str(number) for number in range(size // 8)],
    "names of permissions": lambda size: [f"users:read{number}" for number in range(size // 18)],
    "texts of marks": lambda size: [TEXTS["marks of two classes"](1000)] * (size // 1000),
    "domains": lambda size: [TEXTS["an address of 254"](740)[2:]] * (size // 740),
    "lists": lambda size: [[]] * (size // 3),
    "lists of numbers": lambda size: [[number] for number in range(size // 8)],
    "objects": lambda size: [{"a": number} for number in range(size // 13)],
    "keys": lambda size: {f"k{number}": 1 for number in range(size // 10)},
    "keys of marks": lambda size: {TEXTS["marks of two classes"](size): 1},
    "depth": lambda size: _deep(min(size // 6, 30)),
    "wide depth": lambda size: [_deep(28)] * (size // 180),
    "nulls": lambda size: [None] * (size // 5),
}


def _deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": value}
    return value


RAW: Mapping[str, Callable[[int], bytes]] = {
    "nothing but brackets": lambda size: b"[" * size,
    "brackets that close": lambda size: b"[" * (size // 2) + b"]" * (size // 2),
    "empty lists": lambda size: b"[" + b"[]," * (size // 3) + b"1]",
    "braces in a text": lambda size: b"[" * 40 + b'"' + b'\\"' * (size // 2),
    "keys one in the other": lambda size: b'{"a":' * (size // 5),
    "one key again and again": lambda size: b"{" + b'"a":1,' * (size // 6) + b'"a":1}',
    "a key nobody knows, again and again": lambda size: json.dumps({f"{n}": n for n in range(size // 13)}).encode(),
    "a whole number": lambda size: b"9" * size,
    "a fraction": lambda size: b"[0." + b"1" * size + b"]",
    "half between two doubles": lambda size: b"[9007199254740993." + b"0" * size + b"1]",
    "an exponent": lambda size: b"[1e" + b"0" * size + b"1]",
    "doubles": lambda size: b"[" + b"1.5e300," * (size // 8) + b"1]",
    "numbers of 4300 digits": lambda size: b"[" + (b"9" * 4300 + b",") * (size // 4301) + b"1]",
    "escapes": lambda size: b'{"email": "' + b"\\u0315\\u0323" * (size // 12) + b'"}',
    "NULs": lambda size: b'{"email": "' + b"\\u0000" * (size // 6) + b'"}',
    "halves of pairs": lambda size: b'{"email": "' + b"\\ud800" * (size // 6) + b'"}',
    "blanks": lambda size: b" " * size + b"{}",
    "line breaks and no JSON": lambda size: b"\n" * size + b"x",
    "bytes that are not UTF-8": lambda size: b'{"email": "' + b"\xff" * size + b'"}',
    "zeros": lambda size: b"\0" * size,
}

HEADERS: Mapping[str, Text] = {
    "one letter": repeated("a"),
    "high letters": repeated("\xdf"),
    "commas": repeated(","),
    "semicolons": repeated(";"),
    "blanks": repeated(" ", before="a", after="a"),
    "tags": repeated('"a",', after='"a"'),
    "weak tags": repeated('W/"7",', after='"a"'),
    "empty tags": repeated('"",', after="x"),
    "blanks behind a tag": repeated(" ", before='"a"', after="x"),
    "codings of a tag": repeated("-gzip", before='"', after='"'),
    "hyphens in a tag": repeated("-", before='"', after='"'),
    "parameters": repeated(";a=b", before="application/json"),
    "quoted parameters": repeated(';a=""', before="application/json"),
    "an open quote": repeated('\\"', before='application/json;a="'),
    "blanks before an equals sign": repeated(" ", before="application/json;a", after="=@"),
    "a subtype": repeated("b", before="application/", after="@"),
    "weights": repeated("a;q=0.1,", after="gzip"),
    "addresses": repeated("127.0.0.1,", after="10.0.0.1"),
    "colons": repeated(":"),
    "digits": repeated("9"),
    "points": repeated("1."),
    "ranges": repeated("0-1,", before="bytes=", after="2-3"),
    "cookies": repeated("a=b; ", after="c=d"),
    "open cookies": repeated('a="', after="b"),
    "names": repeated("x-a,", after="x-b"),
    "an origin": repeated("a.", before="https://", after="com"),
    "a date": repeated("0", before="Sun, 06 Nov ", after=" GMT"),
    "a bearer": repeated("a", before="Bearer "),
    "segments": repeated("a.", before="Bearer "),
    "blanks before a token": repeated(" ", before="Bearer", after="a.b.c"),
    "a header of a token": lambda size: f"Bearer {_segment(b'[' * (size * 3 // 4))}.a.b",
    "a header of numbers": lambda size: f"Bearer {_segment(b'9' * (size * 3 // 4))}.a.b",
    "a header of keys": lambda size: f"Bearer {_segment(_keys(size * 3 // 4))}.a.b",
    "beginnings of tokens": repeated("eyJ", before="Bearer "),
    "basic": repeated("QUJD", before="Basic "),
}

READ = (
    "Accept-Encoding", "Access-Control-Request-Headers", "Authorization", "Connection", "Content-Type", "Cookie",
    "Idempotency-Key", "If-Match", "If-None-Match", "Origin", "Transfer-Encoding", "User-Agent", "X-Forwarded-For",
    "X-Request-Id",
)  # fmt: skip
"""Headers that something reads."""

NAMES = (
    "Accept", "Accept-Encoding", "Accept-Language", "Access-Control-Request-Headers", "Authorization", "Connection",
    "Content-Encoding", "Content-Length", "Content-Type", "Cookie", "Expect", "Forwarded", "Host", "Idempotency-Key",
    "If-Match", "If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since", "Keep-Alive", "Origin",
    "Prefer", "Range", "Referer", "TE", "Traceparent", "Transfer-Encoding", "Upgrade", "User-Agent", "Via",
    "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-HTTP-Method-Override", "X-Request-Id",
)  # fmt: skip

TARGETS: Mapping[str, Text] = {
    "slashes": repeated("/"),
    "parents": repeated("/.."),
    "parents below": repeated("/..", before="/v1"),
    "segments": repeated("/a"),
    "signs of percent": repeated("%", before="/"),
    "escaped signs of percent": repeated("%25", before="/"),
    "escaped again and again": repeated("25", before="/%", after="2e"),
    "bytes that are no text": repeated("%ff", before="/v1/users/"),
    "an account": repeated("%41", before="/v1/users/"),
    "marks of an account": repeated("%CC%95%CC%A3", before="/v1/users/a"),
    "a role": repeated("a-", before="/v1/roles/"),
    "a setting": repeated("a.", before="/v1/settings/"),
    "a file": repeated("a", before="/docs/"),
    "parameters of a path": repeated("/;a", before="/v1"),
    "semicolons": repeated(";", before="/"),
    "backslashes": repeated("%5c", before="/"),
    "parameters": repeated("&a=", before="/v1/users?"),
    "names": lambda size: "/v1/users?" + "&".join(f"a{number}" for number in range(size // 6)),
    "and signs": repeated("&", before="/v1/users?"),
    "equals signs": repeated("=&", before="/v1/users?"),
    "broken escapes": repeated("%&", before="/v1/users?"),
    "one parameter again and again": repeated("&limit=1", before="/v1/users?"),
    "pluses": repeated("+", before="/v1/users?q="),
    "a page": repeated("a=1&", before="/openapi.json?"),
    "an address": repeated("a/", before="http://a/"),
    "a host": repeated("a.", before="http://", after="/"),
}


def _segment(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _keys(size: int) -> bytes:
    return json.dumps({str(number): 1 for number in range(size // 11)}).encode()
