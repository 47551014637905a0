"""What tests of the wire assert again and again."""

from dataclasses import dataclass
from typing import Any

import httpx

from app.database import run


def data(response: httpx.Response, status: int = 200) -> Any:
    """Return the data of a success after checking its envelope."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert set(body) == {"data", "meta", "errors"}
    assert body["errors"] is None
    assert body["meta"]["request_id"] == response.headers["x-request-id"]
    assert body["meta"]["version"] == "1.0"
    return body["data"]


def refused(response: httpx.Response, status: int, code: str, *fields: str) -> list[dict[str, Any]]:
    """Return the errors of a refusal after checking its envelope, its code and the fields it names, in any order."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert set(body) == {"data", "meta", "errors"}
    assert body["data"] is None
    assert body["meta"]["request_id"] == response.headers["x-request-id"]
    errors: list[dict[str, Any]] = body["errors"]
    assert {error["code"] for error in errors} == {code}, response.text
    if fields:
        assert {error["field"] for error in errors} == set(fields), response.text
    return errors


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a decision row says."""

    outcome: str
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Event:
    """What an event row says."""

    action: str
    outcome: str
    reason: str | None = None


def decisions(request_id: str) -> list[Decision]:
    """Return the decision rows that a request left."""
    rows = run("SELECT outcome, reason FROM audit_events WHERE request_id = %s AND kind = 'decision'", (request_id,))
    return [Decision(outcome=outcome, reason=reason) for outcome, reason in rows]


def events(request_id: str) -> list[Event]:
    """Return the event rows that a request left."""
    rows = run(
        "SELECT action, outcome, reason FROM audit_events WHERE request_id = %s AND kind = 'event'", (request_id,)
    )
    return [Event(action=action, outcome=outcome, reason=reason) for action, outcome, reason in rows]
