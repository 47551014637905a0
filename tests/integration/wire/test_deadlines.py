"""Law 9: what hangs is answered 503 in time, in either mode, and keeps neither the service nor its end waiting."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import psycopg2
import pytest

from app.gateway.http.protocol import protocol_factory
from tests.people import People
from tests.raw import ask, bearer
from tests.service import Service, config_for
from tests.service import running as serving
from tests.waiting import until
from tests.wire import refused

LOGIN = "/v1/auth/login"
NOBODY = {"email": "nobody@example.com", "password": "none of your business"}


@contextmanager
def frozen(url: str) -> Iterator[None]:
    """Let every statement about accounts wait."""
    connection = psycopg2.connect(url)
    try:
        connection.cursor().execute("LOCK TABLE users, sessions IN ACCESS EXCLUSIVE MODE")
        yield
    finally:
        connection.close()


class Asking(threading.Thread):
    """A request that somebody waits for."""

    def __init__(self, service: Service, **request: Any) -> None:
        super().__init__(daemon=True)
        self._service, self._request = service, request
        self.response: httpx.Response | None = None
        self.start()

    def run(self) -> None:
        with self._service.client() as client:
            self.response = client.request(**self._request)


@pytest.mark.parametrize("more", [0, 20])
def test_a_database_that_does_not_answer_is_a_503_in_time(
    gateway: str, database_url: str, password_hash: str, more: int
) -> None:
    config = config_for(DATABASE_URL=database_url, CHARTER_GATEWAY=gateway, REQUEST_SECONDS="1")

    with serving(config) as service:
        people = People(service, password_hash)
        token = bearer(people.alice.sign_in()["access_token"])
        with frozen(database_url):
            others = [Asking(service, method="POST", url=LOGIN, json=NOBODY) for _ in range(more)]
            responses = [ask(service, "GET", "/v1/users/me", [token])]
            with service.client() as client:
                responses.append(client.post(LOGIN, json=NOBODY))
            assert ask(service, "GET", "/health/live").status_code in (200, 503)
            for other in others:
                other.join(timeout=10)
        responses += [other.response for other in others if other.response is not None]
        people.close()

    assert len(responses) == 2 + more
    for response in responses:
        refused(response, 503, "UNAVAILABLE")
        assert int(response.headers["retry-after"]) >= 1


def test_a_request_that_outlasts_the_grace_is_a_503_and_the_end_comes_soon(gateway: str, database_url: str) -> None:
    config = config_for(DATABASE_URL=database_url, CHARTER_GATEWAY=gateway, REQUEST_SECONDS="60")

    with serving(config) as service, frozen(database_url):
        service._server.config.timeout_graceful_shutdown = 1
        asking = Asking(service, method="POST", url=LOGIN, json=NOBODY)
        until(lambda: service._server.server_state.total_requests)
        service.close()
        asking.join(timeout=5)

    assert asking.response is not None
    refused(asking.response, 503, "UNAVAILABLE")
    assert int(asking.response.headers["retry-after"]) >= 1


def test_how_long_a_head_may_take_is_a_setting(database_url: str) -> None:
    config = config_for(DATABASE_URL=database_url, HEAD_SECONDS="7")

    assert protocol_factory(config).keywords == {"head_seconds": 7}
