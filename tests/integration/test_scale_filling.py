"""A database that was filled by COPY is one that Charter works on: indexes, triggers and references included."""

from datetime import UTC, datetime

import httpx
import peewee
import pytest

from app.database import Database
from app.identifiers import new_id
from tests.bench.scale.databases import Rejected, make
from tests.bench.scale.filling import PASSWORD, fill, rows_of
from tests.bench.scale.population import ADMIN, BUSY, MONTHS, Population
from tests.bench.scale.progress import Progress
from tests.integration.conftest import Services
from tests.service import Service
from tests.wire import data

PARTITIONS = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'charter_audit_entries'::regclass"
# Sessions whose last day is not as app/services/sessions.py writes it.
WRONG_END = """
SELECT count(*) FROM sessions
WHERE ends_by IS DISTINCT FROM date_trunc('day', least(idle_expires_at, expires_at), 'UTC') + interval '1 day'
"""
# Indexes of the trail that some partition has no part of.
UNATTACHED = """
SELECT indexrelid::regclass::text FROM pg_index whole WHERE indrelid = 'charter_audit_entries'::regclass
    AND (SELECT count(*) FROM pg_inherits WHERE inhparent = whole.indexrelid) <> %s
"""
BELONGS = """
SELECT indrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
    WHERE indrelid::regclass::text ~ '^(users|user_profiles|sessions|charter_audit_(entries(_default)?|labels|roles))$'
UNION ALL SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint ORDER BY 1, 2
"""


def everything(database: Database) -> list[tuple]:
    """Return what belongs to the tables: indexes, triggers and constraints."""
    return list(database.execute_sql(BELONGS).fetchall())


@pytest.fixture
def size() -> Population:
    return Population(users=500, events=2_000, until=datetime.now(UTC).replace(microsecond=0))


@pytest.fixture(scope="session")
def compiled(services: Services) -> Service:
    """The service, made before the test's own database takes its place."""
    return services["compiled"]


def sign_in(client: httpx.Client) -> dict[str, str]:
    response = client.post("/v1/auth/login", json={"email": ADMIN, "password": PASSWORD})
    return {"Authorization": f"Bearer {data(response)['access_token']}"}


def test_charter_works_on_it_and_its_trail_stays_append_only(
    compiled: Service, database: Database, size: Population
) -> None:
    before = everything(database)
    database.close()

    fill(database.url, size, Progress(rows_of(size), quiet=True))

    assert [row for row in before if row not in everything(database)] == []
    with compiled.client() as client:
        admin = sign_in(client)
        people = client.get("/v1/users?limit=1", headers=admin)
        [busy] = data(client.get("/v1/users", params={"q": BUSY}, headers=admin))
        deeds = client.get("/v1/audit-events", params={"actor": busy["id"], "limit": 100}, headers=admin)
        sessions = client.get(f"/v1/users/{busy['id']}/sessions", headers=admin)
    assert people.json()["meta"]["pagination"]["total"] == size.users
    assert (len(data(deeds)), len(data(sessions))) == (100, 5)
    partitions = [name for (name,) in database.execute_sql(PARTITIONS).fetchall()]
    assert len(partitions) == MONTHS + 3 + 1
    assert database.execute_sql(UNATTACHED, (len(partitions),)).fetchall() == []
    assert database.execute_sql("SELECT count(*) FROM charter_audit_entries_default").fetchone() == (0,)
    assert database.execute_sql(WRONG_END).fetchone() == (0,), "the statistics would read all sessions"
    refused = [
        "UPDATE charter_audit_entries SET counted = 1",
        "DELETE FROM charter_audit_entries",
        *map("TRUNCATE {}".format, partitions),
    ]
    for statement in refused:
        with pytest.raises(peewee.ProgrammingError, match="append-only"):
            database.execute_sql(statement)


def test_who_lives_there_is_not_buried(database: Database, size: Population) -> None:
    settle = """
        INSERT INTO users (id, email, password_hash, role_id) SELECT %s, %s, 'x', id FROM roles WHERE name = 'user'
    """
    for name in ("one", "two"):
        database.execute_sql(settle, (new_id(), f"{name}@example.com"))
    database.close()

    with pytest.raises(Rejected, match="2 accounts"):
        make(database.url, size, quiet=True)

    assert database.execute_sql("SELECT count(*) FROM users").fetchone() == (2,)


class Fails(Progress):
    """Fails when the trail is begun."""

    def begin(self, what: str) -> None:
        if what.startswith("charter_audit_entries"):
            raise KeyboardInterrupt


def test_what_is_stopped_half_way_leaves_nothing(database: Database, size: Population) -> None:
    with pytest.raises(KeyboardInterrupt):
        fill(database.url, size, Fails(rows_of(size), quiet=True))

    assert database.execute_sql("SELECT count(*) FROM users").fetchone() == (0,)
