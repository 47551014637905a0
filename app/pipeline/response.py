"""The response at the end of the steps."""

from typing import NamedTuple


class Response(NamedTuple):
    """An HTTP response, ready to be sent.

    Attributes:
        headers: names in lower case; the gateway adds the headers that every response has.
    """

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
