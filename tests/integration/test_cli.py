"""The `charter` command, run as a person or a script runs it."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner

from app.cli import main
from tests.command import PRODUCTION, ROOT, clean_environment, expect_refusal
from tests.servers import Servers

Charter = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def charter(tmp_path: Path) -> Charter:
    """Run the command to its end, in production unless said otherwise."""

    def run(*words: str, stdin: str = "", root: Path = ROOT, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "app.cli", *words],
            cwd=root,
            env=clean_environment(**{"CHARTER_STATE": str(tmp_path / "state"), **PRODUCTION, **variables}),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def _commands(command: click.Command = main, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = [path]
    for name, child in getattr(command, "commands", {}).items():
        found += _commands(child, (*path, name))
    return found


@pytest.mark.parametrize("words", _commands(), ids=" ".join)
def test_every_command_explains_itself(words):
    response = CliRunner().invoke(main, [*words, "--help"])
    assert response.exit_code == 0
    assert re.search(r"^Usage: .*\n\n  [A-Z]\w+", response.output, re.MULTILINE)


def test_a_wrong_word_or_option_is_wrong_usage(charter):
    assert charter("sevre").returncode == 2
    assert charter("serve", "--fast").returncode == 2
    assert charter("db", "rollback", "--steps", "0").returncode == 2


@pytest.mark.parametrize("words", [("serve",), ("db", "status"), ("users", "verify", "a@b.example")], ids=" ".join)
def test_missing_settings_are_told_all_at_once(charter, words):
    done = charter(*words, JWT_SECRET="", REFRESH_KEYS="", PORT="eighty")
    expect_refusal(
        done, 78, "DATABASE_URL is missing", "JWT_SECRET is missing", "REFRESH_KEYS is missing", "PORT", lines=4
    )
    [line] = [line for line in done.stderr.splitlines() if "DATABASE_URL" in line]
    assert "postgresql://user:password@host:5432/charter" in line
    assert line.endswith(", or set CHARTER_ENV=development to use the database that `make run` makes.")


def test_wrong_settings_are_told_before_development_starts_anything(charter, tmp_path):
    done = charter("serve", "--workers", "0", CHARTER_ENV="development", JWT_SECRET="", LIMIT_READ="much")
    expect_refusal(done, 78, "WORKERS", "LIMIT_READ", lines=2)
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("words", [("serve",), ("db", "migrate"), ("users", "create-admin")], ids=" ".join)
def test_an_unreachable_database_is_one_line_without_its_password(charter, words):
    done = charter(*words, DATABASE_URL="postgresql://charter:hunter2hunter2@127.0.0.1:1/charter")
    expect_refusal(done, 69, "127.0.0.1:1", "DATABASE_URL")
    assert "hunter2" not in done.stderr + done.stdout


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("DATABASE_URL", "postgresql://u:hunter2%zzhunter2@127.0.0.1/db"),
        ("DATABASE_URL", "postgresql://u:hunter2@127.0.0.1/db?foo=hunter2"),
        ("REDIS_URL", "redis://:hunter2@127.0.0.1:hunter2"),
    ],
)
def test_a_url_that_cannot_be_read_is_one_line_without_its_password(charter, name, url):
    done = charter("serve", **{"DATABASE_URL": "postgresql://127.0.0.1:1/none", name: url})
    expect_refusal(done, 78, f"{name} must be a URL such as ")
    assert "hunter2" not in done.stderr + done.stdout


def test_an_admin_that_could_not_sign_in_is_refused_at_the_start(charter):
    done = charter("serve", DATABASE_URL="postgresql://127.0.0.1:1/none", CHARTER_ADMIN_EMAIL="admin@localhost")
    expect_refusal(
        done, 78, 'CHARTER_ADMIN_EMAIL must be an email address such as admin@example.com, not "admin@localhost".'
    )


def test_production_refuses_to_start_while_migrations_are_behind(charter, servers: Servers):
    url = servers.empty()
    expect_refusal(charter("serve", "--port", "0", DATABASE_URL=url), 78, "charter db migrate")
    servers.drop(url)


def test_migrations_go_forward_and_back_and_the_status_tells(charter, servers: Servers):
    url = servers.empty()
    before = charter("db", "status", DATABASE_URL=url)
    assert (before.returncode, before.stdout.count("not run")) == (1, len(list(ROOT.glob("migrations/*.py"))))
    done = charter("db", "migrate", DATABASE_URL=url)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("migrating ") == before.stdout.count("not run")
    assert "up to date" in charter("db", "migrate", DATABASE_URL=url).stdout
    undone = charter("db", "rollback", "--steps", "2", "--yes", DATABASE_URL=url)
    assert (undone.returncode, undone.stdout.count("rolling back ")) == (0, 2)
    after = charter("db", "status", DATABASE_URL=url)
    assert (after.returncode, after.stdout.count("not run")) == (1, 2)
    servers.drop(url)


def test_what_destroys_asks_first(charter, database_url):
    declined = charter("db", "rollback", stdin="n\n", DATABASE_URL=database_url)
    assert declined.returncode == 1
    assert charter("db", "status", DATABASE_URL=database_url).returncode == 0
    declined = charter("db", "reset", stdin="\n", DATABASE_URL=database_url, CHARTER_ENV="test")
    assert declined.returncode == 1
    assert charter("db", "status", DATABASE_URL=database_url).returncode == 0


def test_example_people_are_made_once_verified_by_hand_and_taken_away_by_a_reset(charter, database_url):
    variables = {"DATABASE_URL": database_url, "CHARTER_ENV": "test", "BCRYPT_COST": "4"}
    seeded = charter("db", "seed", **variables).stdout.splitlines()
    assert seeded[:4] == [f"created {name}@example.com" for name in ("alice", "bob", "carol", "mallory")]
    assert seeded[4].startswith("4 created, 0 existed; their password is: ")
    assert "0 created, 4 existed" in charter("db", "seed", **variables).stdout
    verified = charter("users", "verify", "Mallory@example.com", **variables)
    assert (verified.returncode, verified.stdout) == (0, "mallory@example.com is verified, role user\n")
    expect_refusal(charter("users", "verify", "nobody@example.com", **variables), 1, "No account")
    emptied = charter("db", "reset", "--yes", **variables)
    assert emptied.returncode == 0, emptied.stderr
    assert "4 created, 0 existed" in charter("db", "seed", **variables).stdout


@pytest.mark.parametrize("command", ["seed", "reset"])
def test_production_is_neither_seeded_nor_emptied(charter, database_url, command):
    expect_refusal(charter("db", command, DATABASE_URL=database_url), 1, "production")
    assert charter("db", "status", DATABASE_URL=database_url).returncode == 0


def test_the_first_admin_is_made_once_and_the_password_shown_once(charter, database_url):
    made = charter("users", "create-admin", DATABASE_URL=database_url)
    assert made.returncode == 0, made.stderr
    assert re.fullmatch(r"created admin@example\.com, password \S{24} \(shown this once\)\n", made.stdout)
    expect_refusal(charter("users", "create-admin", DATABASE_URL=database_url), 1, "there is an admin already")


def test_a_given_admin_password_is_not_repeated_and_must_meet_the_policy(charter, database_url):
    short = charter("users", "create-admin", DATABASE_URL=database_url, CHARTER_ADMIN_PASSWORD="swordfish")
    expect_refusal(short, 78, "CHARTER_ADMIN_PASSWORD")
    assert "swordfish" not in short.stderr
    given = {"CHARTER_ADMIN_EMAIL": "Root@Example.com", "CHARTER_ADMIN_PASSWORD": "a long and quiet river bend"}
    made = charter("users", "create-admin", DATABASE_URL=database_url, **given)
    assert (made.returncode, made.stdout) == (0, "created root@example.com\n")


def spec(*words: str) -> str:
    """Run `charter spec` in this process, since it touches nothing; return what it prints."""
    response = CliRunner().invoke(main, ["spec", *words])
    assert response.exit_code == 0, response.output
    return response.stdout


def test_the_document_has_no_faults():
    assert re.fullmatch(r"\d+ operations, no faults\n", spec("lint"))
    assert json.loads(spec("lint", "--json")) == {"faults": [], "warnings": []}


def test_the_bundle_is_the_same_in_both_formats(tmp_path):
    as_json = json.loads(spec("bundle"))
    assert spec("bundle", "--format", "yaml", "--output", str(tmp_path / "charter.yaml")) == ""
    assert yaml.safe_load((tmp_path / "charter.yaml").read_text("utf-8")) == as_json
    assert as_json["openapi"] == "3.0.3"


def test_a_full_disk_is_one_line(charter):
    expect_refusal(charter("spec", "bundle", "--output", "/dev/full"), 1, "disk is full")


def test_a_state_folder_that_cannot_be_is_one_line(charter, tmp_path):
    (tmp_path / "file").write_text("in the way")
    expect_refusal(
        charter("serve", CHARTER_ENV="development", CHARTER_STATE=str(tmp_path / "file" / "x")), 1, "CHARTER_STATE"
    )


def test_routes_and_policy_list_every_operation():
    routes, policy = spec("routes").splitlines(), spec("policy").splitlines()
    assert len(routes) == len(policy)
    assert {line.split()[2] for line in routes[1:]} == {line.split()[0] for line in policy[1:]}
    assert policy[0].split() == ["OPERATION", "PERMISSION", "OWNER", "LIMIT", "CACHE", "INVALIDATES", "AUDIT", "ALSO"]
    shown = {line.split()[0]: re.split(r" {2,}", line) for line in policy}
    assert shown["get_profile"][1:] == ["profiles:read", "user_id", "read", "profile user:{user_id}", "-", "-", "-"]
    assert shown["login"][1:] == ["public", "-", "login", "-", "activity", "session.created", "runs hashing"]
    guarded = "guards email, email_verified; if-match accepted"
    dropped = "user:{user_id} users"
    assert shown["update_user"][1:] == ["users:update", "user_id", "write", "-", dropped, "user.updated", guarded]
    assert max(map(len, policy)) <= 190


def test_the_policy_of_each_operation_is_there_for_programs() -> None:
    found = {policy["operation"]: policy for policy in json.loads(spec("policy", "--json"))}

    assert found["get_profile"]["cache"] == {"policy": "profile", "tags": ["user:{user_id}"]}
    assert found["update_user"]["guarded"] == {"email": "users:update", "email_verified": "users:update"}
    assert found["list_users"]["paginated"] == "offset"
    assert {frozenset(policy) for policy in found.values()} == {frozenset(found["login"])}


def test_every_fault_of_the_document_stops_the_start_with_its_place(charter, tmp_path):
    for folder in ("app", "charter", "handlers", "models", "openapi", "migrations"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    _replace(tmp_path / "openapi/paths/me.yaml", "x-permission: account:read", "x-permission: account:raed")
    _replace(tmp_path / "openapi/paths/auth_login.yaml", "x-rate-limit: login", "x-rate-limit: logn")
    for words in (("serve",), ("spec", "lint")):
        done = charter(*words, root=tmp_path, DATABASE_URL="postgresql://127.0.0.1:1/none")
        assert done.returncode == 78, done.stderr
        told = done.stdout + done.stderr
        assert re.search(r"openapi/paths/me\.yaml:\d+\b.*account:raed", told), told
        assert re.search(r"openapi/paths/auth_login\.yaml:\d+\b.*logn", told), told
        assert "Traceback" not in told
    assert done.stdout.endswith("2 faults in 2 files\n")


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
