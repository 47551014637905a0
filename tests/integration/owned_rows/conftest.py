"""The sample document, served by both gateways, with Charter's own components beside it."""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from app import declared_numbers
from app.database import Database, run
from app.identifiers import new_id
from app.resources import OPENAPI
from models.record import database as proxy
from tests.gateways import TESTED
from tests.integration.owned_rows.models import TABLES
from tests.integration.wire.conftest import token_of
from tests.people import make_account
from tests.servers import Servers, for_services
from tests.service import Service, config_for
from tests.service import running as serving

HANDLERS = "tests.integration.owned_rows.handlers"
HERE = Path(__file__).parent
ENUM = "    - notes:read\n    - gardens:read\n    - gardens:update\n"
TAG = "  - {name: gardens, description: What somebody works on.}\n"
PATHS = """  /v1/gardens/{garden_id}: {$ref: paths/garden.yaml}
  /v1/notes/{note_id}: {$ref: paths/note.yaml}
"""

Make = Callable[..., UUID]


@dataclass(frozen=True)
class Somebody:
    """An account that is signed in."""

    id: UUID
    api: httpx.Client


@pytest.fixture(scope="session")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Charter's document with the paths, schemas, permissions and events of the sample."""
    folder = tmp_path_factory.mktemp("gardens") / "openapi"
    shutil.copytree(OPENAPI, folder, ignore=shutil.ignore_patterns("released"))
    for name in ("paths", "components"):
        shutil.copytree(HERE / "document" / name, folder / name, dirs_exist_ok=True)
    for name in ("permissions.yaml", "events.yaml", "errors.yaml"):
        with (folder / name).open("a", encoding="utf-8") as file:
            file.write((HERE / "document" / name).read_text("utf-8"))
    _insert(folder / "components" / "schemas" / "roles.yaml", "  enum:\n", ENUM)
    _insert(folder / "openapi.yaml", "tags:\n", TAG)
    _insert(folder / "openapi.yaml", "\npaths:\n", PATHS)
    return folder / "openapi.yaml"


def _insert(file: Path, after: str, text: str) -> None:
    before = file.read_text("utf-8")
    assert after in before
    file.write_text(before.replace(after, after + text, 1), "utf-8")


@pytest.fixture(scope="session", params=TESTED)
def running(request: pytest.FixtureRequest, servers: Servers, document: Path) -> Iterator[Service]:
    """The service with the sample document, on a database that has its tables."""
    url, cache = servers.clone(), for_services(servers.empty_redis())
    config = config_for(DATABASE_URL=url, REDIS_URL=cache, CHARTER_GATEWAY=request.param)
    declared = declared_numbers.read([*declared_numbers.policy_files(), HERE / "document" / "policies.yaml"])
    own = {name: declared.values(kind, {}, []) for name, kind in (("buckets", "rate_limits"), ("lifetimes", "cache"))}
    config = replace(config, **{name: own[name] | getattr(config, name) for name in own})
    with serving(config, document=document, handlers_package=HANDLERS) as service:
        run(TABLES)
        yield service
    servers.drop(url)


@pytest.fixture
def database(running: Service) -> Iterator[Database]:
    """The database of the service, which the tests share: each makes accounts and rows of its own."""
    made = Database(running.config.database_url, size=8)
    proxy.initialize(made)
    yield made
    proxy.initialize(None)
    made.reset()


@pytest.fixture
def service(running: Service, database: Database) -> Service:
    """The service."""
    return running


@pytest.fixture
def sign_in(service: Service, password_hash: str) -> Iterator[Callable[..., Somebody]]:
    """Make somebody with a role, who signed in some seconds ago."""
    with contextlib.ExitStack() as clients:

        def make(name: str, role: str = "user", *, ago: int = 0) -> Somebody:
            user_id, session_id = make_account(f"{name}-{new_id()}", role, password_hash, now=service.clock()), new_id()
            run(
                """
                INSERT INTO sessions (id, user_id, generation, key_id, idle_expires_at, expires_at, address, network,
                                      created_at)
                VALUES (%s, %s, 1, 'k1', now() + interval '9 days', now() + interval '9 days', '::1', '::',
                        now() - make_interval(secs => %s))
                """,
                (session_id, user_id, ago),
            )
            return Somebody(user_id, clients.enter_context(service.client(token_of(service, user_id, session_id))))

        yield make


@pytest.fixture
def alice(sign_in: Callable[..., Somebody]) -> Somebody:
    """Alice, who owns what is looked at."""
    return sign_in("alice")


@pytest.fixture
def mallory(sign_in: Callable[..., Somebody]) -> Somebody:
    """Mallory, who has no right."""
    return sign_in("mallory")


@pytest.fixture
def ada(sign_in: Callable[..., Somebody]) -> Somebody:
    """Ada, who holds every permission."""
    return sign_in("ada", "admin")


@pytest.fixture
def garden(service: Service) -> Make:
    """Make a garden of somebody's, or of nobody's."""

    def make(owner: Somebody | None, name: str = "Engine") -> UUID:
        garden_id = new_id()
        owner_id = owner.id if owner else None
        run("INSERT INTO gardens (id, owner_id, name) VALUES (%s, %s, %s)", (garden_id, owner_id, name))
        return garden_id

    return make
