"""What a connection speaks is Charter's to say: neither the environment nor the settings of the role change it."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from app.database import Database, run, transaction
from app.database.parameters import IGNORED
from app.errors import Unavailable
from tests.integration.conftest import Services
from tests.people import PASSWORD, People
from tests.service import Service
from tests.wire import data

NAME = "Zoë Ünal-Žižek 日本 🦉"

HOSTILE = {
    "PGHOST": "192.0.2.1",
    "PGHOSTADDR": "192.0.2.1",
    "PGPORT": "1",
    "PGDATABASE": "nowhere",
    "PGUSER": "nobody",
    "PGSERVICE": "elsewhere",
    "PGTARGETSESSIONATTRS": "standby",
    "PGLOADBALANCEHOSTS": "random",
    "PGCONNECT_TIMEOUT": "0",
    "PGCLIENTENCODING": "LATIN1",
    "PGOPTIONS": "-c client_encoding=LATIN1 -c search_path=nowhere -c default_transaction_read_only=on",
    "PGAPPNAME": "somebody else",
    "PGGEQO": "off",
    "PGTZ": "Asia/Kathmandu",
    "PGDATESTYLE": "German",
}

# What the owner of a database may have set for its role, and what it would change.
OF_THE_ROLE = {
    "client_encoding": "LATIN1",
    "timezone": "Asia/Kathmandu",
    "datestyle": "German",
    "intervalstyle": "sql_standard",
    "bytea_output": "escape",
    "standard_conforming_strings": "off",
    "default_transaction_deferrable": "on",
    "extra_float_digits": "-15",
    "array_nulls": "off",
    "quote_all_identifiers": "on",
    "transform_null_equals": "on",
    "row_security": "off",
    "client_min_messages": "error",
}


def spoken(database: Database) -> dict[str, str]:
    names = ["client_encoding", "TimeZone", "DateStyle", "search_path", "default_transaction_read_only", "geqo"]
    names += ["application_name"]
    try:
        return {name: str(database.execute_sql(f"SHOW {name}").fetchone()[0]) for name in names}
    finally:
        database.reset()
        database.close()


def test_every_variable_that_is_ignored_is_tried() -> None:
    assert {*HOSTILE} == {*IGNORED, "PGTZ", "PGDATESTYLE"}


@pytest.mark.parametrize("variable", HOSTILE)
def test_a_variable_of_libpq_changes_neither_where_a_connection_leads_nor_what_it_speaks(
    database_url: str, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    usual = spoken(Database(database_url, size=1))
    monkeypatch.setenv(variable, HOSTILE[variable])

    hostile = Database(database_url, size=1)

    assert hostile.connect_outside_pool().info.dbname == urlsplit(database_url).path[1:]
    assert spoken(hostile) == usual
    assert (usual["client_encoding"], usual["TimeZone"]) == ("UTF8", "UTC")


def test_a_service_file_that_the_url_names_changes_no_encoding(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "pg_service.conf"
    file.write_text("[ours]\nclient_encoding=LATIN1\noptions=-c default_transaction_read_only=on\n")
    monkeypatch.setenv("PGSERVICEFILE", str(file))
    join = "&" if "?" in database_url else "?"

    found = spoken(Database(f"{database_url}{join}service=ours", size=1))

    assert (found["client_encoding"], found["default_transaction_read_only"]) == ("UTF8", "off")


def test_an_encoding_in_the_url_changes_nothing(database_url: str) -> None:
    join = "&" if "?" in database_url else "?"

    assert spoken(Database(f"{database_url}{join}client_encoding=LATIN1", size=1))["client_encoding"] == "UTF8"


def test_the_variables_that_authenticate_and_encrypt_are_left(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("PGPASSWORD", "PGPASSFILE", "PGSSLMODE", "PGSSLROOTCERT", "PGREQUIREAUTH"):
        monkeypatch.setenv(variable, "prefer" if variable == "PGSSLMODE" else "/dev/null")

    Database(database_url, size=1)

    assert os.environ["PGPASSWORD"] == os.environ["PGSSLROOTCERT"] == "/dev/null"


@pytest.fixture(scope="session", name="running")
def running_service(services: Services) -> Service:
    """The default way in: nothing of the session is the gateway's."""
    return services["compiled"]


@contextmanager
def of_the_role(database: Database, **values: str) -> Iterator[None]:
    """Have the role set something in this database, for connections made in the block."""
    role = f"ALTER ROLE CURRENT_USER IN DATABASE {urlsplit(database.url).path[1:]}"
    for name, value in values.items():
        run(f"{role} SET {name} = '{value}'")
    database.close()
    database.reset()
    yield
    run(f"{role} RESET ALL")


def test_whatever_the_role_says_the_api_answers_the_same(service: Service, people: People, database: Database) -> None:
    usual = walk(service, people)
    with of_the_role(database, **OF_THE_ROLE):
        assert run("SELECT current_setting('bytea_output')") == [("escape",)]

        assert walk(service, people) == usual
        assert run("SELECT current_setting('client_encoding'), current_setting('TimeZone')") == [("UTF8", "UTC")]


def test_at_a_stricter_level_of_isolation_twins_are_answered_as_ever(
    service: Service, people: People, database: Database
) -> None:
    """A statement that such a level undoes is repeated; transactions are READ COMMITTED whatever the role says."""
    with of_the_role(database, default_transaction_isolation="serializable"):
        with transaction():
            assert run("SHOW transaction_isolation") == [("read committed",)]
        token = people.alice.sign_in()["refresh_token"]
        with service.client() as client, ThreadPoolExecutor(8) as threads:
            twins = [threads.submit(client.post, "/v1/auth/refresh", json={"refresh_token": token}) for _ in range(16)]
            statuses = {twin.result().status_code for twin in twins}

    assert statuses == {200}


def test_a_statement_of_its_own_that_is_undone_is_repeated(database: Database) -> None:
    run("CREATE SEQUENCE attempts")
    with pytest.raises(Unavailable) as caught:
        run("DO $$ BEGIN PERFORM nextval('attempts'); RAISE 'x' USING ERRCODE = 'serialization_failure'; END $$")
    assert caught.value.reason == "contention"
    assert run("SELECT last_value FROM attempts") == [(3,)]


def walk(service: Service, people: People) -> list[object]:
    """Take a way through texts beyond ASCII, moments, spans, bytes, numbers and lists; return what was answered."""
    key = {"Idempotency-Key": f"key-{os.urandom(8).hex()}"}
    address = f"zoe-{os.urandom(8).hex()}@example.com"
    person = {"email": address, "password": PASSWORD + " too", "profile": {"display_name": NAME}}
    first = people.ada.api.post("/v1/users", json=person, headers=key)
    again = people.ada.api.post("/v1/users", json=person, headers=key)
    assert (first.status_code, again.json()["data"]) == (201, first.json()["data"])
    made = data(first, 201)
    with service.client() as nobody:
        signed_in = data(nobody.post("/v1/auth/login", json={"email": address, "password": person["password"]}))
        refreshed = nobody.post("/v1/auth/refresh", json={"refresh_token": signed_in["refresh_token"]})
        twin = nobody.post("/v1/auth/refresh", json={"refresh_token": signed_in["refresh_token"]})
    assert data(refreshed)["refresh_token"] == data(twin)["refresh_token"]
    stats = data(people.ada.api.get("/v1/stats/activity?interval=day"))
    found = data(people.ada.api.get("/v1/users", params={"q": NAME[:4], "sort": "-created_at", "limit": 1}))
    trail = data(people.ada.api.get("/v1/audit-events", params={"target": f"user:{made['id']}"}))
    gone = people.ada.api.delete(f"/v1/users/{made['id']}")
    assert made["created_at"].endswith("Z")
    return [
        made["profile"]["display_name"],
        [user["id"] == made["id"] and user["created_at"] == made["created_at"] for user in found],
        [point["start"] for point in stats],
        [(row["action"], row["occurred_at"][:10], row["outcome"]) for row in trail],
        gone.status_code,
    ]
