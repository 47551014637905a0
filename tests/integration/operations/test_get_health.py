"""health: ok, degraded when only the cache is unavailable, and an error when the database is."""

import socket
from typing import Any

import httpx

from app.database import Database
from models.record import database as proxy
from tests.integration.operations.conftest import Away, Variant
from tests.rows import audit_rows
from tests.wire import refused

PATH = "/health"
NOBODY = "redis://127.0.0.1:1/0"


def report(database: str, cache: str, status: str) -> dict[str, Any]:
    return {"status": status, "checks": {"database": database, "cache": cache}}


def test_it_is_ok_when_all_it_stands_on_answers(anonymous: httpx.Client, valkey_url: str) -> None:
    response = anonymous.get(PATH)

    assert (response.status_code, response.json()) == (200, report("ok", "ok", "ok"))
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    assert "retry-after" not in response.headers
    assert "ratelimit" not in response.headers
    assert audit_rows(response, "decision") == audit_rows(response, "event") == []


def test_it_is_degraded_and_still_200_when_only_the_cache_is_away(variant: Variant) -> None:
    for url in (NOBODY, ""):
        with variant(REDIS_URL=url) as alone, alone.client() as client:
            response = client.get(PATH)

            assert (response.status_code, response.json()) == (200, report("ok", "error", "degraded"))


def test_it_is_an_error_with_503_when_the_database_is_away_and_recovers_by_itself(
    anonymous: httpx.Client, valkey_url: str, database_away: Away
) -> None:
    with database_away():
        response = anonymous.get(PATH)

    assert (response.status_code, response.json()) == (503, report("error", "ok", "error"))
    assert int(response.headers["retry-after"]) >= 1
    assert anonymous.get(PATH).status_code == 200


def test_both_away_is_an_error(variant: Variant, database_away: Away) -> None:
    with variant(REDIS_URL=NOBODY) as alone, alone.client() as client, database_away():
        response = client.get(PATH)

    assert (response.status_code, response.json()) == (503, report("error", "error", "error"))


def test_a_database_that_takes_calls_and_says_nothing_is_away_and_not_waited_for(anonymous: httpx.Client) -> None:
    ours = proxy.obj
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://u@127.0.0.1:{silent.getsockname()[1]}/x"
        proxy.initialize(Database(url, size=2, connect_seconds=2))
        try:
            response = anonymous.get(PATH)
        finally:
            proxy.initialize(ours)

    assert response.status_code == 503


def test_a_request_id_is_kept_or_made(anonymous: httpx.Client) -> None:
    assert anonymous.get(PATH, headers={"X-Request-Id": "probe-7"}).headers["x-request-id"] == "probe-7"
    assert anonymous.get(PATH, headers={"X-Request-Id": "a b"}).headers["x-request-id"] != "a b"


def test_head_is_get_without_the_body(anonymous: httpx.Client) -> None:
    response = anonymous.head(PATH)

    assert (response.status_code, response.content) == (200, b"")


def test_an_unknown_parameter_is_refused(anonymous: httpx.Client) -> None:
    refused(anonymous.get(f"{PATH}?verbose=1"), 400, "VALIDATION_ERROR", "verbose")


def test_other_methods_are_refused_with_what_is_allowed(anonymous: httpx.Client) -> None:
    response = anonymous.post(PATH)

    refused(response, 405, "METHOD_NOT_ALLOWED")
    assert response.headers["allow"] == "GET, HEAD, OPTIONS"
