"""A thief who sends forged tokens, and looks at what they got for them."""

from collections.abc import Mapping
from typing import Any

import httpx

from app.database import run
from tests.people import People
from tests.wire import decisions

CHALLENGES = {
    "UNAUTHENTICATED": 'Bearer realm="charter"',
    "INVALID_TOKEN": 'Bearer realm="charter", error="invalid_token"',
}


def everything() -> list[Any]:
    """All that an attack could change, and how many rows the audit trail has."""
    tables = ("users", "user_profiles", "sessions", "sign_in_attempts")
    return [run(f"SELECT * FROM {table} ORDER BY id") for table in tables] + run("SELECT count(*) FROM audit_events")


class Thief:
    """Sends what was forged, over one connection."""

    def __init__(self, client: httpx.Client, people: People) -> None:
        self._client = client
        self._target = f"/v1/users/{people.mallory.id}/role"

    def send(self, *headers: str | bytes, query: str = "", **body: Any) -> httpx.Response:
        """Try to make Mallory an admin with these Authorization headers."""
        pairs = [(b"Authorization", text.encode() if isinstance(text, str) else text) for text in headers]
        return self._client.put(self._target + query, json={"role": "admin", **body}, headers=pairs)

    def check_refused(self, headers: Mapping[str, str | bytes], code: str = "INVALID_TOKEN") -> None:
        """Assert that each header gets this 401 with its challenge, no decision, and that nothing at all changes."""
        before, wrong = everything(), {}
        for name, header in headers.items():
            response = self.send(header)
            [error] = response.json()["errors"] or [{}]
            got = (response.status_code, error.get("code"), response.headers.get("www-authenticate"))
            if got != (401, code, CHALLENGES[code]) or decisions(response.headers["x-request-id"]):
                wrong[name] = got
        assert wrong == {}, wrong
        assert everything() == before

    def check_tokens(self, tokens: Mapping[str, str], code: str = "INVALID_TOKEN") -> None:
        """The same, of tokens."""
        self.check_refused({name: f"Bearer {token}" for name, token in tokens.items()}, code)
