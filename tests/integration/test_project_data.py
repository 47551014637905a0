"""A project with tables, hooks and chores, served with Charter: its data is treated as Charter's own."""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import httpx
import psycopg2
import pytest

import models
from app.database import Database, run
from app.database.binding import current_database
from app.database.drift import drift
from app.database.migrator import migrate
from app.database.tables import all_models
from app.pipeline.project_parts import ProjectParts, load_parts
from app.project import Project
from app.security.passwords import Passwords
from app.services import database_rights
from tests.integration.roles import bound, execute, two_roles
from tests.people import PASSWORD, People
from tests.rows import event
from tests.servers import Servers
from tests.service import Service, config_for
from tests.service import running as serving
from tests.unit.sample_project import HANDLERS, SAMPLE, monkeypatched_path
from tests.waiting import until
from tests.wire import refused

WAITING = "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
SHOP = Project("shop", SAMPLE, HANDLERS)


@pytest.fixture
def running(servers: Servers) -> Iterator[Service]:
    """The sample project on a migrated database, served."""
    url = servers.clone()
    database = Database(url, size=2)
    migrate(database, report=lambda line: None, project=SHOP)
    database.reset()
    with monkeypatched_path(SAMPLE), serving(config_for(DATABASE_URL=url), project=SHOP) as service:
        yield service
    servers.drop(url)


@pytest.fixture
def folks(running: Service) -> Iterator[People]:
    made = People(running, Passwords(8, 256, 4).hash(PASSWORD))
    yield made
    made.close()


def test_hooks_of_the_project_take_part_in_the_requests_of_charter(folks: People) -> None:
    alice, ada = folks.alice, folks.ada
    made = alice.api.post(f"/v1/users/{alice.id}/projects", json={"name": "Vital"})
    assert made.status_code == 201
    [problem] = refused(ada.api.delete(f"/v1/users/{alice.id}"), 409, "VITAL_PROJECT")
    assert problem["message"] == "The account has a vital project."
    rows = ada.api.get("/v1/audit-events", params={"action": "user.deleted"}).json()["data"]
    assert [row["outcome"] for row in rows] == ["failed"]
    assert ada.api.post(f"/v1/users/{alice.id}/suspend", json={}).status_code == 200
    assert run("SELECT status FROM projects") == [("archived",)]
    # Deleting the account later takes its projects along.
    run("UPDATE projects SET name = 'Other'")
    assert ada.api.delete(f"/v1/users/{alice.id}").status_code == 204
    assert run("SELECT count(*) FROM projects") == [(0,)]


def test_the_models_of_the_project_are_compared_with_its_tables(running: Service) -> None:
    assert drift(current_database(), all_models()) == []
    run("ALTER TABLE projects DROP CONSTRAINT projects_name_check, ADD color text")
    assert drift(current_database(), all_models()) == [
        "only in the database: projects: column color text",
        "only in the models: projects: CHECK ((char_length(name) <= 100))",
    ]


def test_the_serving_role_gets_its_rights_on_the_tables_of_the_project(servers: Servers) -> None:
    parts = load_sample()
    with two_roles(servers) as roles:
        roles.grant()
        owner = Database(roles.owner, size=2)
        migrate(owner, report=lambda line: None, project=SHOP)
        owner.reset()
        with bound(roles.server) as database:
            database.project_models = parts.models
            run("INSERT INTO projects (id, user_id, name, status) SELECT id, id, 'x', 'open' FROM users")
            assert database_rights.missing_rights() == []
            execute(roles.owner, f"REVOKE INSERT, DELETE ON projects FROM {roles.names[1]}")
            [missing] = database_rights.missing_rights()
        assert missing.right == "INSERT, DELETE on table public.projects"
        assert missing.grant == f"GRANT INSERT, DELETE ON TABLE public.projects TO {roles.names[1]};"
        execute(roles.owner, missing.grant)


def while_deleted(service: Service, user_id: UUID, request: Callable[[], httpx.Response]) -> httpx.Response:
    """Make a request that finds an account, and waits for its deletion before it writes."""
    other = psycopg2.connect(service.config.database_url)
    try:
        other.cursor().execute("DELETE FROM users WHERE id = %s", (str(user_id),))
        with ThreadPoolExecutor(1) as pool:
            response = pool.submit(request)
            until(lambda: run(WAITING) == [(True,)])
            other.commit()
            return response.result(30)
    finally:
        other.close()


def test_an_account_that_is_deleted_meanwhile_is_not_found(running: Service, folks: People) -> None:
    alice, api = folks.alice, folks.ada.api
    path = f"/v1/users/{alice.id}/projects"
    response = while_deleted(running, alice.id, lambda: api.post(path, json={"name": "Engine"}))
    refused(response, 404, "NOT_FOUND")
    event(response).check(action="project.created", outcome="failed", reason="not_found")
    assert run("SELECT count(*) FROM projects") == [(0,)]


def load_sample() -> ProjectParts:
    with monkeypatched_path(SAMPLE):
        parts, faults = load_parts(SHOP)
    assert faults == []
    return parts


@contextmanager
def code(folder: Path, files: dict[str, str]) -> Iterator[Project]:
    """Let a project be imported that consists of these files."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    kept = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == "services"}
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        patch.chdir(folder)
        patch.setattr(models, "__path__", [str(folder / "models"), *models.__path__])
        yield Project("shop", folder)
    for name in [name for name in sys.modules if name.partition(".")[0] == "services"]:
        del sys.modules[name]
    sys.modules.update(kept)


RECORD = "from charter.models import Record, text\n"
TABLE = "\n    class Meta:\n        table_name = {!r}\n"


def test_every_fault_of_models_hooks_and_chores_names_its_line(tmp_path: Path) -> None:
    files = {
        "models/faulty.py": RECORD
        + "import peewee\n"
        + "class Base(Record):\n    note = text(max_length=10)\n"
        + "class Users(Base):" + TABLE.format("users")
        + "class Later(Base):" + TABLE.format("charter_bills")
        + "class One(Base):" + TABLE.format("things")
        + "class Two(Base):" + TABLE.format("things")
        + "class Alone(peewee.Model):" + TABLE.format("alone"),
        "services/faulty.py": "from datetime import timedelta\nfrom charter import chore, on\n"
         "@on('user.created')\ndef greet(user): ...\n"
         "@chore(every=timedelta(days=1))\nasync def tidy(context): ...\n",
        "services/unknown.py": "from charter import on\n\n@on('user.renamed')\ndef greet(context, user): ...\n",
    }  # fmt: skip
    with code(tmp_path, files) as project:
        parts, faults = load_parts(project)
    events = "user.created, user.verified, user.suspended, user.restored, user.deleted"
    assert [str(fault) for fault in faults] == [
        (
            "services/unknown.py:3: The module services.unknown cannot be imported: ValueError: "
            f"there is no account event 'user.renamed': use one of {events}. Correct this line."
        ),
        (
            "models/faulty.py:17: The model Alone does not use the database of Charter. "
            "Derive it from charter.models.Record."
        ),
        (
            "models/faulty.py:8: The table charter_bills of the model Later has a name that is Charter's. "
            "Give it another name with `table_name`. Names that begin with charter_ are Charter's, too."
        ),
        (
            "models/faulty.py:14: The models One and Two have the same table, things. "
            "Give one of them another name with `table_name`."
        ),
        (
            "models/faulty.py:5: The table users of the model Users has a name that is Charter's. "
            "Give it another name with `table_name`. Names that begin with charter_ are Charter's, too."
        ),
        (
            "services/faulty.py:3: greet cannot be called: a hook is called with a Context and a User. "
            "Write def greet(context, user)."
        ),
        (
            "services/faulty.py:5: tidy is an async function, and a chore is called with a Context on a thread. "
            "Remove `async`."
        ),
    ]
    assert parts.chores


def test_a_chore_of_the_project_is_run_by_the_server(folks: People, running: Service) -> None:
    alice = folks.alice
    alice.api.post(f"/v1/users/{alice.id}/projects", json={"name": "Old"})
    # The server ran it when it started.
    assert run("SELECT name, ended_at IS NOT NULL FROM charter_chore_runs") == [
        ("services.accounts.forget_archived", True)
    ]
    text = running.client().get("/metrics").text
    assert 'charter_chores_total{chore="services.accounts.forget_archived",outcome="succeeded"} 1.0' in text
