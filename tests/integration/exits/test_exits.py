"""Whatever the code of a project raises, such as SystemExit: the request gets its envelope, and the server goes on.

Laws 3 and 4: one envelope, and a decision and a `failed` event for each request.
"""

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from app.database import Database, run
from app.database.migrator import migrate
from app.project import Project
from app.security.passwords import Passwords
from tests.gateways import GATEWAYS
from tests.integration.exits.handlers.projects import RAISED
from tests.integration.test_project_data import code
from tests.people import PASSWORD, People
from tests.servers import Servers
from tests.service import Service, config_for
from tests.service import running as serving
from tests.unit.sample_project import write
from tests.waiting import until
from tests.wire import refused

HANDLERS = "tests.integration.exits.handlers"
RAISES = [
    SystemExit(3),
    KeyboardInterrupt(),
    GeneratorExit(),
    asyncio.CancelledError(),
    BaseException("all"),
    StopIteration(),
]
SERVICES = '''
"""What the project does when something happens to an account, and at intervals."""

from datetime import timedelta

from charter import chore, on
from tests.integration.exits.handlers.projects import RAISED, leave


@on("user.suspended")
def inside(context, user):
    leave()


@on("user.restored", after_commit=True)
def after(context, user):
    leave()


@chore(every=timedelta(seconds=1))
def often(context):
    if RAISED and str(RAISED[-1]) == "chore":
        leave()
'''


@pytest.fixture(scope="module", params=GATEWAYS)
def running(
    request: pytest.FixtureRequest, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """A project whose code raises what a test says, served by each gateway."""
    url, root = servers.clone(), write(tmp_path_factory.mktemp("exits"), {"services/accounts.py": SERVICES}).root
    project = Project("shop", root, HANDLERS)
    database = Database(url, size=2)
    migrate(database, report=lambda line: None, project=project)
    database.reset()
    config = config_for(DATABASE_URL=url, CHARTER_GATEWAY=request.param)
    with code(root, {}), serving(config, project=project) as service:
        yield service
    servers.drop(url)


@pytest.fixture(scope="module")
def folks(running: Service) -> Iterator[People]:
    made = People(running, Passwords(8, 256, 4).hash(PASSWORD))
    yield made
    made.close()


def trail(request_id: str) -> list[tuple[str, str]]:
    """Return (action, outcome) of each row that a request has written."""
    return run("SELECT action, outcome FROM audit_events WHERE request_id = %s ORDER BY id", (request_id,))


def failed(response: httpx.Response) -> str:
    """Check that a response is the 500 in its envelope, and return its request id."""
    [problem] = refused(response, 500, "INTERNAL_ERROR")
    assert problem["message"] == "Something went wrong on our side."
    return response.headers["x-request-id"]


@pytest.mark.parametrize("raised", RAISES, ids=lambda error: type(error).__name__)
def test_a_handler_that_would_end_the_process_ends_its_request(folks: People, raised: BaseException) -> None:
    alice = folks.alice
    RAISED[:] = [raised]
    written = failed(alice.api.post(f"/v1/users/{alice.id}/projects", json={"name": "New"}))
    assert trail(written) == [("create_project", "allowed"), ("project.created", "failed")]
    assert run("SELECT count(*) FROM projects") == [(0,)]
    RAISED[:] = [raised]
    failed(alice.api.get(f"/v1/users/{alice.id}/projects"))
    assert alice.api.get(f"/v1/users/{alice.id}/projects").status_code == 200


@pytest.mark.parametrize("raised", RAISES, ids=lambda error: type(error).__name__)
def test_a_hook_that_would_end_the_process_ends_at_most_its_request(folks: People, raised: BaseException) -> None:
    bob, ada = folks.bob, folks.ada
    RAISED[:] = [raised]
    written = failed(ada.api.post(f"/v1/users/{bob.id}/suspend", json={}))
    assert trail(written) == [("suspend_user", "allowed"), ("user.suspended", "failed")]
    assert ada.api.post(f"/v1/users/{bob.id}/suspend", json={}).status_code == 200
    # After the commit, the response stays as it is.
    RAISED[:] = [raised]
    assert ada.api.post(f"/v1/users/{bob.id}/restore", json={}).status_code == 200
    assert RAISED == []


@pytest.mark.parametrize("raised", [SystemExit("chore"), asyncio.CancelledError("chore")], ids=("exit", "cancelled"))
def test_a_chore_that_would_end_the_process_is_run_again(running: Service, raised: BaseException) -> None:
    def runs(outcome: str) -> float:
        text = running.client().get("/metrics").text
        lines = [line for line in text.splitlines() if "charter_chores_total{" in line and f'"{outcome}"' in line]
        return float(lines[0].split()[-1]) if lines else 0.0

    RAISED[:] = [raised]
    until(lambda: not RAISED)
    until(lambda: runs("failed") > 0)
    before = runs("succeeded")
    assert until(lambda: runs("succeeded") > before)
