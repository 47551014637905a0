"""What refers to a deleted account in a project: no cached response shows it, and its ETag changes (law 6)."""

from collections.abc import Iterator

import pytest

from app.database import Database, run
from app.database.migrator import migrate
from app.identifiers import new_id
from app.security.passwords import Passwords
from tests.people import PASSWORD, People
from tests.servers import Servers, for_services
from tests.service import config_for
from tests.service import running as serving
from tests.unit.sample_project import SAMPLE, edited, monkeypatched_path, write
from tests.wire import refused

READ = "summary: Read a project\n"
CACHED = READ + "  x-cache: {policy: profile, tags: ['user:{user_id}', 'project:{project_id}']}\n"
# A reviewer, and a team with a leader, whose deletion takes the team along.
REFERENCES = """
CREATE TABLE teams (id uuid PRIMARY KEY, leader uuid NOT NULL REFERENCES users ON DELETE CASCADE);
ALTER TABLE projects ADD reviewer uuid REFERENCES users ON DELETE SET NULL,
    ADD team uuid REFERENCES teams ON DELETE SET NULL
"""


@pytest.fixture
def folks(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    """A project that caches its reads, served."""
    url, cache = servers.clone(), servers.empty_redis()
    if not cache:
        pytest.skip("no Valkey on this machine")
    [(path, text)] = edited("openapi/paths/project.yaml", READ, CACHED).items()
    text = text.replace("  x-rate-limit: write\n", "  x-rate-limit: write\n  x-invalidates: ['project:{project_id}']\n")
    project = write(tmp_path_factory.mktemp("deleted"), {path: text})
    database = Database(url, size=2)
    migrate(database, report=lambda line: None, project=project)
    database.reset()
    config = config_for(DATABASE_URL=url, REDIS_URL=for_services(cache))
    with monkeypatched_path(SAMPLE), serving(config, project=project) as service:
        run(REFERENCES)
        made = People(service, Passwords(8, 256, 4).hash(PASSWORD))
        yield made
        made.close()
    servers.drop(url)


def test_a_cached_row_changes_and_ends_with_the_accounts_that_it_refers_to(folks: People) -> None:
    alice, bob, mallory, ada = folks.alice, folks.bob, folks.mallory, folks.ada
    made = alice.api.post(f"/v1/users/{alice.id}/projects", json={"name": "Engine"}).json()["data"]
    path, team = f"/v1/users/{alice.id}/projects/{made['id']}", new_id()
    run("INSERT INTO teams VALUES (%s, %s)", (team, mallory.id))
    run("UPDATE projects SET reviewer = %s, team = %s", (bob.id, team))
    other = alice.api.post(f"/v1/users/{alice.id}/projects", json={"name": "Loom"}).json()["data"]

    for name in ("Engine", "Engine"):
        assert ada.api.get(path).json()["data"]["name"] == name
        run("UPDATE projects SET name = 'Unseen' WHERE id = %s", (made["id"],))
    tag = ada.api.get(path).headers["etag"]
    for gone, version in ((bob, '"2"'), (mallory, '"3"')):
        assert ada.api.delete(f"/v1/users/{gone.id}").status_code == 204
        response = ada.api.get(path, headers={"If-None-Match": tag})
        assert (response.status_code, response.headers["etag"]) == (200, version)
        assert response.json()["data"]["name"] == "Unseen"
        tag = version
    assert run("SELECT version FROM projects WHERE id = %s", (other["id"],)) == [(1,)]

    assert ada.api.delete(f"/v1/users/{alice.id}").status_code == 204
    refused(ada.api.get(path), 404, "NOT_FOUND")
    assert run("SELECT count(*) FROM pending_invalidations") == [(0,)]
