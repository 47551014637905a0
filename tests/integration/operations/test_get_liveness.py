"""get_liveness: says that the process answers, whatever became of all else."""

import httpx

from tests.integration.operations.conftest import Away, Variant
from tests.rows import audit_rows
from tests.wire import refused

PATH = "/health/live"


def test_it_answers_outside_the_envelope(anonymous: httpx.Client) -> None:
    response = anonymous.get(PATH, headers={"X-Request-Id": "probe.1"})

    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-request-id"] == "probe.1"
    assert response.headers["cache-control"] == "no-store"
    assert "ratelimit" not in response.headers
    assert audit_rows(response, "decision") == audit_rows(response, "event") == []


def test_it_touches_neither_database_nor_cache(variant: Variant, database_away: Away) -> None:
    with variant(REDIS_URL="redis://127.0.0.1:1/0") as alone, alone.client() as client, database_away():
        for _ in range(10):
            assert client.get(PATH).json() == {"status": "ok"}


def test_head_is_get_without_the_body(anonymous: httpx.Client) -> None:
    response = anonymous.head(PATH)

    assert (response.status_code, response.content) == (200, b"")


def test_an_unknown_parameter_is_refused(anonymous: httpx.Client) -> None:
    refused(anonymous.get(f"{PATH}?deep=true"), 400, "VALIDATION_ERROR", "deep")


def test_other_methods_are_refused_with_what_is_allowed(anonymous: httpx.Client) -> None:
    response = anonymous.delete(PATH)

    refused(response, 405, "METHOD_NOT_ALLOWED")
    assert response.headers["allow"] == "GET, HEAD, OPTIONS"
