"""What every operation refuses at the door, checked where the operation is tested."""

from collections.abc import Iterator

import httpx

from tests.rows import audit_rows
from tests.wire import refused

MALFORMED = [
    b"",
    b"{",
    b'{"a": 1} x',
    b'{"a": 1, "a": 2}',
    b'{"a": NaN}',
    b'{"a": "\\u0000"}',
    b'{"a": "\\ud800"}',
    b'{"a": "\xff"}',
]
_JSON = {"Content-Type": "application/json"}


def check_bodies(client: httpx.Client, method: str, path: str, *, required: bool = True) -> None:
    """Check the refusals of bodies that are too large without saying so, in no form we read, or no JSON."""

    def chunks() -> Iterator[bytes]:
        yield from [b" " * 11_000] * 6

    refused(client.request(method, path, content=chunks(), headers=_JSON), 413, "PAYLOAD_TOO_LARGE")
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json-patch+json"):
        typed = client.request(method, path, content=b"{}", headers={"Content-Type": kind})
        refused(typed, 415, "UNSUPPORTED_MEDIA_TYPE")
    for text in MALFORMED if required else MALFORMED[1:]:
        malformed = client.request(method, path, content=text, headers=_JSON)
        refused(malformed, 400, "MALFORMED_BODY")
        _check_recorded(malformed, "malformed_body")
    for text in (b"[]", b'"text"', b"7", b"null"):
        response = client.request(method, path, content=text, headers=_JSON)
        assert refused(response, 400, "VALIDATION_ERROR")[0]["field"] is None
        _check_recorded(response, "validation_error")


def _check_recorded(response: httpx.Response, reason: str) -> None:
    """Check the one row of a rejected body: the decision, or where nothing is decided the failed event (law 4)."""
    decisions, events = audit_rows(response, "decision"), audit_rows(response, "event")
    found = [(row.outcome, row.reason) for row in (*decisions, *events)]
    assert found == [("allowed", None) if decisions else ("failed", reason)]


def check_unavailable(response: httpx.Response) -> None:
    """Check the response of a service that has lost its database."""
    refused(response, 503, "UNAVAILABLE")
    assert int(response.headers["retry-after"]) >= 1


def check_limited(response: httpx.Response, bucket: str) -> None:
    """Check the refusal of a request over the limit of its bucket of one a minute, of which nothing is left."""
    refused(response, 429, "RATE_LIMITED")
    assert 1 <= int(response.headers["retry-after"]) <= 60
    assert response.headers["ratelimit-policy"] == f'"{bucket}";q=1;w=60'
    assert response.headers["ratelimit"].startswith(f'"{bucket}";r=0;t=')
    assert audit_rows(response, "decision") == audit_rows(response, "event") == []
