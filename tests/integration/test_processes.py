"""What must hold between processes that share one database, and between heavy work and light."""

import asyncio
import signal
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from app.database import Database
from tests.command import PRODUCTION, Server
from tests.people import PASSWORD, People, make_account
from tests.service import Service, config_for
from tests.wire import data, refused

SIGN_INS = 200


@pytest.fixture
def two_servers(database_url: str, valkey_url: str, database: Database) -> Iterator[list[str]]:
    """Addresses of two `charter serve`, in production, on one database."""
    variables = {**PRODUCTION, "DATABASE_URL": database_url, "REDIS_URL": valkey_url}
    servers = [Server("serve", **variables) for _ in range(2)]
    yield [server.address() for server in servers]
    for server in servers:
        server.end(signal.SIGTERM)


def test_a_session_ended_in_one_process_is_refused_by_the_other_at_once(
    two_servers: list[str], password_hash: str
) -> None:
    here, there = two_servers
    make_account("alice", "user", password_hash, now=datetime.now(UTC))
    body = {"email": "alice@example.com", "password": PASSWORD}
    response = httpx.post(f"{here}/v1/auth/login", json=body)
    token = {"Authorization": f"Bearer {data(response)['access_token']}"}
    assert httpx.get(f"{there}/v1/users/me", headers=token).status_code == 200

    assert httpx.post(f"{here}/v1/auth/logout", headers=token).status_code == 204

    refused(httpx.get(f"{there}/v1/users/me", headers=token), 401, "SESSION_ENDED")
    refused(httpx.get(f"{here}/v1/users/me", headers=token), 401, "SESSION_ENDED")


def test_a_setting_changed_in_one_process_counts_in_the_other_at_once(
    two_servers: list[str], password_hash: str
) -> None:
    here, there = two_servers
    make_account("ada", "admin", password_hash, now=datetime.now(UTC))
    response = httpx.post(f"{here}/v1/auth/login", json={"email": "ada@example.com", "password": PASSWORD})
    token = {"Authorization": f"Bearer {data(response)['access_token']}"}
    one, all_of_them = "/v1/settings/registration.open", "/v1/settings"

    for number, value in enumerate((False, True, False)):
        changed, read = (here, there) if number % 2 else (there, here)
        assert data(httpx.put(f"{changed}{one}", headers=token, json={"value": value}))["value"] is value

        for _ in range(2):  # read again, and kept
            assert data(httpx.get(f"{read}{one}", headers=token))["value"] is value
            assert data(httpx.get(f"{read}/v1/settings/public"))["registration.open"] is value
            shown = {each["key"]: each["value"] for each in data(httpx.get(f"{read}{all_of_them}", headers=token))}
            assert shown["registration.open"] is value
        body = {"email": f"nora{number}@example.com", "password": PASSWORD}
        assert httpx.post(f"{read}/v1/auth/register", json=body).status_code == (202 if value else 403)


def test_many_sign_ins_do_not_hold_up_a_light_request(
    database_url: str, database: Database, password_hash: str
) -> None:
    variables = {"LIMIT_CLIENT_FAILURES": "100000", "LIMIT_ACCOUNT_FAILURES": "1000", "HASHING_THREADS": "1"}
    service = Service(config_for(DATABASE_URL=database_url, **variables))
    people = People(service, password_hash)
    body = {"email": people.bob.email, "password": PASSWORD}
    token = people.alice.sign_in()["access_token"]

    async def race() -> tuple[int, int, list[int]]:
        """Return the light request's status, how many sign-ins were unfinished then, and their statuses."""
        limits = httpx.Limits(max_connections=SIGN_INS + 1)
        async with httpx.AsyncClient(base_url=service.url, timeout=120, limits=limits) as client:
            heavy = [asyncio.create_task(client.post("/v1/auth/login", json=body)) for _ in range(SIGN_INS)]
            await asyncio.wait(heavy, return_when=asyncio.FIRST_COMPLETED)
            light = await client.get("/v1/users/me", headers={"Authorization": f"Bearer {token}"})
            waiting = sum(not task.done() for task in heavy)
            return light.status_code, waiting, [response.status_code for response in await asyncio.gather(*heavy)]

    try:
        status, waiting, sign_ins = asyncio.run(race())
    finally:
        people.close()
        service.close()

    assert status == 200
    assert waiting > SIGN_INS / 2
    assert set(sign_ins) == {200}
