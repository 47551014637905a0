"""A project and Charter served as one, in both gateways, and the command in the folder of a project."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app.database import Database
from app.database.migrator import migrate
from app.project import Project
from app.security.passwords import Passwords
from tests.command import PRODUCTION, Server, clean_environment
from tests.gateways import TESTED
from tests.people import PASSWORD, People
from tests.servers import Servers
from tests.service import Service, config_for
from tests.service import running as serving
from tests.unit.sample_project import HANDLERS, SAMPLE, monkeypatched_path, write
from tests.wheel import installed_wheel
from tests.wire import refused


@pytest.fixture(scope="module", params=TESTED)
def running(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Service]:
    """The sample project, served."""
    url, project = servers.clone(), Project("shop", SAMPLE, HANDLERS)
    database = Database(url, size=2)
    migrate(database, report=lambda line: None, project=project)
    database.reset()
    config = config_for(DATABASE_URL=url, CHARTER_GATEWAY=request.param)
    with monkeypatched_path(SAMPLE), serving(config, project=project) as service:
        yield service
    servers.drop(url)


@pytest.fixture(scope="module")
def people(running: Service) -> Iterator[People]:
    """The people of the tests, in the database with the tables of the project."""
    made = People(running, Passwords(8, 256, 4).hash(PASSWORD))
    yield made
    made.close()


def test_the_operations_of_the_project_inherit_what_charter_does(people: People, running: Service) -> None:
    path = f"/v1/users/{people.alice.id}/projects"
    made = people.alice.api.post(path, json={"name": "Analytical Engine"})
    assert made.status_code == 201
    assert made.headers["location"] == f"{path}/{made.json()['data']['id']}"
    assert people.alice.api.get(path).json()["meta"]["pagination"]["total"] == 1
    one = people.alice.api.get(made.headers["location"])
    again = people.alice.api.get(made.headers["location"], headers={"If-None-Match": one.headers["etag"]})
    assert (one.status_code, again.status_code) == (200, 304)
    refused(people.mallory.api.get(path), 403, "FORBIDDEN")
    refused(people.alice.api.post(path, json={"title": "x"}), 400, "VALIDATION_ERROR")
    trail = people.ada.api.get("/v1/audit-events", params={"action": "project.created"}).json()["data"]
    assert [(event["actor"]["id"], event["outcome"]) for event in trail] == [(str(people.alice.id), "succeeded")]
    assert people.alice.api.patch(made.headers["location"], json={"name": "Engine"}).json()["data"]["name"] == "Engine"
    assert people.ada.api.delete(made.headers["location"]).status_code == 204


def test_an_omitted_operation_is_not_there(running: Service) -> None:
    with running.client() as client:
        refused(client.post("/v1/auth/register", json={}), 404, "NOT_FOUND")


def test_a_hidden_operation_is_enforced_and_nowhere_shown(people: People, running: Service) -> None:
    body = {"all": True}
    assert people.ada.api.post("/v1/cache/invalidations", json=body).status_code == 202
    refused(people.alice.api.post("/v1/cache/invalidations", json=body), 403, "FORBIDDEN")
    with running.client() as client:
        document = client.get("/openapi.json").json()
        shown = [client.get(page).text for page in ("/openapi.json", "/openapi.yaml", "/llms.txt")]
        assert client.get("/docs/operations/get_project.md").status_code == 200
        assert client.get("/docs/operations/invalidate_cache.md").status_code == 404
    assert document["info"]["title"] == "Shop"
    assert [page for page in shown if "invalidate_cache" in page or "list_projects" not in page] == []


def test_an_overlay_is_what_is_served(people: People, running: Service) -> None:
    assert '"default"' in people.alice.api.get("/v1/users/me").headers["ratelimit-policy"]


def test_the_permissions_are_those_of_both(people: People, running: Service) -> None:
    names = [each["name"] for each in people.ada.api.get("/v1/permissions").json()["data"]]
    assert {"projects:read", "projects:write", "users:read"} <= set(names)
    role = {"name": "planner", "description": "Plans.", "permissions": ["projects:read"]}
    assert people.ada.api.post("/v1/roles", json=role).status_code == 201


class Command:
    """The command of the wheel, in the folder of a project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.variables = {"PYTHONPATH": str(installed_wheel())}

    def __call__(self, *words: str, folder: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-P", "-m", "charter", *words],
            cwd=self.project.root / folder,
            env=clean_environment(**self.variables, **variables),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@pytest.fixture
def command(tmp_path: Path) -> Command:
    return Command(write(tmp_path, {}))


def test_the_commands_work_on_both(command: Command) -> None:
    root = command.project.root
    assert f"\nProject: shop ({root})\n" in command("--help").stdout
    checked = command("spec", "lint", folder="openapi")
    assert (checked.stdout, checked.stderr) == ("41 operations, 5 of the project shop, no faults\n", "")
    assert "wrote openapi/released/1.0.0.json" in command("spec", "release").stdout
    compared = command("spec", "diff")
    assert (compared.returncode, compared.stdout.split(",")[0]) == (0, "0 breaking")

    (root / "handlers" / "projects.py").write_text("import charter._internal\n\nraise OSError('no')\n")
    told, unusable = command("spec", "lint"), "The module handlers.projects cannot be imported"
    assert told.returncode == 78
    assert list(filter(None, told.stdout.splitlines())) == [
        "handlers/projects.py:1: charter._internal is private to Charter. Use what `import charter` offers.",
        f"handlers/projects.py:3: {unusable}: OSError: no. Correct this line.",
        "2 faults in 1 file",
    ]
    (root / "pyproject.toml").write_text('[project]\nname = "charter"\n[tool.charter]\n')
    told = command("spec", "lint")
    assert (told.returncode, told.stderr) == (
        78,
        "charter: pyproject.toml:2: The project is called charter, as the package that it uses. Choose another name.\n",
    )


def test_the_server_of_a_project_serves_both(
    command: Command, servers: Servers, database_url: str, database: Database
) -> None:
    variables = {**PRODUCTION, "CHARTER_ENV": "test", "DATABASE_URL": database_url, "REDIS_URL": servers.empty_redis()}
    server = Server("serve", root=command.project.root, module="charter", **command.variables, **variables)
    address = server.address()
    assert httpx.get(f"{address}/openapi.json").json()["info"]["title"] == "Shop"
    refused(httpx.get(f"{address}/v1/users/{'0' * 8}-0000-7000-8000-{'0' * 12}/projects"), 401, "UNAUTHENTICATED")
    assert server.end(2) == 0


def test_a_checkout_cannot_serve_a_project(tmp_path: Path) -> None:
    root = write(tmp_path, {}).root
    done = subprocess.run(
        [sys.executable, "-P", "-m", "app.cli", "spec", "lint"],
        cwd=root,
        env=clean_environment(PYTHONPATH=str(SAMPLE.parents[1])),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 78
    assert done.stderr.startswith("charter: the project shop needs the wheel of Charter, and this is a checkout")
