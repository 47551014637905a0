"""A project overrides who holds a permission, on a database that is migrated and that servers of before still use."""

from pathlib import Path

from app.database import Database, run
from app.database.migrator import migrate
from app.pipeline.contract_files import catalogue
from app.resources import OPENAPI
from app.security.passwords import Passwords
from app.services import built_in_roles
from app.spec.permissions import load_permissions
from tests.integration.test_project_command import charter
from tests.people import PASSWORD, People
from tests.servers import Servers
from tests.service import config_for, running
from tests.unit.sample_project import SAMPLE, monkeypatched_path, write
from tests.wire import refused

BEFORE = "profiles:read: {roles: [user]}\nprojects:read: {description: Read any project., roles: []}\n"
AFTER = "profiles:read: {roles: []}\nprojects:read: {description: Read any project., roles: [user]}\n"
WRITE = "projects:write: {description: Change any project., roles: []}\n"


def test_an_override_counts_from_the_migration_on_in_servers_of_before_too(servers: Servers, tmp_path: Path) -> None:
    old, new = (
        write(tmp_path / name, {"openapi/permissions.yaml": text + WRITE})
        for name, text in (("old", BEFORE), ("new", AFTER))
    )
    url = servers.clone()
    database = Database(url, size=2)
    migrate(database, report=lambda line: None, project=old)
    database.reset()
    config = config_for(DATABASE_URL=url)
    with monkeypatched_path(SAMPLE), running(config, project=old) as before, running(config, project=new) as after:
        permissions = load_permissions(catalogue("permissions.yaml", OPENAPI / "openapi.yaml", old))
        holders = {name: permission.roles for name, permission in permissions.items()}
        built_in_roles.synchronise(holders, now=before.clock())
        people = People(before, Passwords(8, 256, 4).hash(PASSWORD))
        alice, bob = people.alice, people.bob
        profile, projects = f"/v1/users/{bob.id}/profile", f"/v1/users/{bob.id}/projects"
        token = alice.sign_in()["access_token"]
        with before.client(token) as on_old, after.client(token) as on_new:
            for client in (on_old, on_new):
                # What the document of a server says counts for nobody before the migration.
                assert client.get(profile).status_code == 200
                refused(client.get(projects), 403, "FORBIDDEN")

            start = charter(new.root, "serve", url=url)
            assert start.returncode == 78
            assert "user should hold projects:read: run charter db migrate" in start.stderr
            migrated = charter(new.root, "db", "migrate", url=url)
            assert "the role user now holds projects:read and no longer holds profiles:read\n" in migrated.stdout

            for client in (on_old, on_new):
                refused(client.get(profile), 403, "FORBIDDEN")
                assert client.get(projects).status_code == 200
        with after.client(people.ada.sign_in()["access_token"]) as admin:
            assert admin.get(profile).status_code == 200
            held = {role["name"]: role["permissions"] for role in admin.get("/v1/roles").json()["data"]}
            assert "projects:read" in held["user"]
            assert "profiles:read" not in held["user"]
        [(details,)] = run("SELECT details FROM audit_events WHERE action = 'role.updated'")
        assert (details["added"], details["removed"]) == (["projects:read"], ["profiles:read"])
        people.close()
    servers.drop(url)
