"""The lines of a response's headers: made once where they are common, and none that would end its line."""

import pytest

from app.gateway.default_headers import DEFAULT_HEADERS
from app.gateway.response_headers import NOT_STORED, ResponseHeaders, header_lines

OWN = [(b"content-length", b"2"), (b"location", b"/v1/users/7")]


def test_the_lines_are_those_of_all_headers_in_their_order() -> None:
    headers = ResponseHeaders(OWN, NOT_STORED)
    lines = headers.lines()

    assert list(headers) == [*OWN, *DEFAULT_HEADERS]
    assert lines is not None
    assert lines == header_lines(headers)
    assert lines.startswith(b"content-length: 2\r\nlocation: /v1/users/7\r\nx-content-type-options: nosniff\r\n")


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r", b"\0"])
@pytest.mark.parametrize("place", ["name", "value"])
def test_no_lines_are_made_of_a_header_that_would_end_its_line(end: bytes, place: str) -> None:
    forged = b"x" + end + b"set-cookie: a"
    header = (forged, b"a") if place == "name" else (b"location", forged)

    assert header_lines([*OWN, header]) is None
    assert ResponseHeaders([*OWN, header], NOT_STORED).lines() is None


@pytest.mark.parametrize("header", [(b"connection", b"close"), (b"transfer-encoding", b"chunked")])
def test_no_lines_are_made_of_a_header_that_concerns_the_connection(header: tuple[bytes, bytes]) -> None:
    assert header_lines([*OWN, header]) is None
