"""`charter users reset-password`, and the way back in for an admin who lost everything."""

import os
import pty
import re
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from app.database import Database, run
from tests.command import ROOT, clean_environment
from tests.integration.conftest import Services
from tests.people import PASSWORD, People, Person
from tests.rows import live_sessions, stored
from tests.service import REFRESH_KEYS, SECRET, Service
from tests.terminal import Terminal, command_row, command_rows
from tests.wire import data, refused

NEW = "velvet anchor 3 turnip"
WRONG = "not the password at all"


@pytest.fixture(scope="session")
def running(services: Services) -> Service:
    """The service of one way in: the command knows neither."""
    return services["compiled"]


@pytest.fixture
def charter(tmp_path: Path, database: Database) -> Terminal:
    return Terminal(tmp_path, database)


def sign_in(person: Person, password: str) -> int:
    """Return the status of a sign-in."""
    with person.service.client() as client:
        return client.post("/v1/auth/login", json={"email": person.email, "password": password}).status_code


def production(database: Database) -> dict[str, str]:
    return {
        "CHARTER_ENV": "production",
        "DATABASE_URL": database.url,
        "JWT_SECRET": SECRET,
        "REFRESH_KEYS": REFRESH_KEYS,
    }


def test_an_admin_who_lost_everything_gets_back_in(people: People, database: Database) -> None:
    ada, bob = people.ada, people.bob
    for _ in range(5):
        assert sign_in(ada, WRONG) == 401
    run("UPDATE users SET status = 'suspended' WHERE id = %s", (ada.id,))
    assert sign_in(ada, PASSWORD) == 429

    def charter(*words: str, stdin: str = "") -> str:
        return subprocess.run(
            [sys.executable, "-m", "app.cli", "users", *words],
            cwd=ROOT, env=clean_environment(**production(database)), input=stdin,
            capture_output=True, text=True, timeout=60, check=True,
        ).stdout  # fmt: skip

    told = charter("reset-password", ada.email, stdin=f"{NEW}\n")
    assert told == (
        "ada@example.com has a new password; all its sessions have ended; "
        "it is still suspended: charter users restore ada@example.com\n"
    )
    assert sign_in(ada, NEW) == 401
    assert charter("restore", ada.email) == "ada@example.com is active, role admin\n"
    with ada.service.client() as client:
        tokens = data(client.post("/v1/auth/login", json={"email": ada.email, "password": NEW}))
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert data(client.get("/v1/users", headers=headers))

    assert charter("set-role", bob.email, "admin") == "bob@example.com has the role admin\n"
    assert data(bob.api.get("/v1/users"))
    assert [(row.action, row.outcome) for row in command_rows()] == [
        ("user.password_reset", "succeeded"), ("user.restored", "succeeded"), ("user.role_set", "succeeded"),
    ]  # fmt: skip


def test_a_reset_ends_every_session_and_the_old_password(charter: Terminal, people: People) -> None:
    old = people.bob.api
    people.bob.sign_in()

    told = charter.done("users", "reset-password", people.bob.email, stdin=f"{NEW}\r\nsecond line\n")

    assert told == "bob@example.com has a new password; all its sessions have ended\n"
    refused(old.get("/v1/users/me"), 401, "SESSION_ENDED")
    assert people.bob.tokens
    with people.bob.service.client() as client:
        response = client.post("/v1/auth/refresh", json={"refresh_token": people.bob.tokens["refresh_token"]})
    refused(response, 401, "INVALID_REFRESH_TOKEN")
    assert live_sessions(people.bob.id) == 0
    assert (sign_in(people.bob, PASSWORD), sign_in(people.bob, NEW)) == (401, 200)
    assert stored(people.bob.id) == ("bob@example.com", "user", "active", True, 2)


def test_an_owner_who_was_slowed_down_gets_in_at_once(charter: Terminal, people: People) -> None:
    people.bob.sign_in()
    for _ in range(5):
        assert sign_in(people.bob, WRONG) == 401
    assert sign_in(people.bob, PASSWORD) == 429

    charter.done("users", "reset-password", people.bob.email, stdin=NEW)

    assert sign_in(people.bob, NEW) == 200


def test_an_unverified_address_that_keeps_the_owner_out_is_told(charter: Terminal, people: People) -> None:
    words = ("users", "reset-password", people.gus.email)

    assert charter.done(*words, stdin=NEW, SIGN_IN_UNVERIFIED="false").endswith(
        "; its address is not verified: charter users verify gus@example.com\n"
    )
    assert "verified" not in charter.done(*words, stdin=NEW)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("too short", "the password must have at least 15 characters\n"),
        ("x" * 300, "the password must have at most 256 characters\n"),
        ("password12345678", "common"),
        ("bob@example.com bob", "your own address or name"),
        (b"\xff" * 20, "must be valid Unicode"),
        ("velvet\0anchor 3 turnip", "NUL"),
        ("\nvelvet anchor 3 turnip\n", "the password is empty: type one"),
    ],
    ids=ascii,
)
def test_a_password_that_the_policy_refuses_changes_nothing(
    charter: Terminal, people: People, typed: str | bytes, told: str
) -> None:
    old = people.bob.api

    line = charter.refused("users", "reset-password", people.bob.email, stdin=typed)

    assert told in line
    row = command_row()
    assert (row.outcome, row.reason, row.target) == ("failed", "validation_error", f"user:{people.bob.id}")
    assert data(old.get("/v1/users/me"))
    assert sign_in(people.bob, PASSWORD) == 200


@pytest.mark.parametrize("words", [("--generate",), ("--yes", "--generate"), ()], ids=" ".join)
def test_a_made_password_is_all_there_is_on_standard_output(
    charter: Terminal, people: People, words: tuple[str, ...]
) -> None:
    response = charter("users", "reset-password", people.bob.email, *words, PASSWORD_MIN="40")

    assert response.exit_code == 0
    password = response.stdout.removesuffix("\n")
    assert re.fullmatch(r"[\w-]{40,256}", password)
    assert response.stderr == "bob@example.com has a new password; all its sessions have ended\n"
    assert sign_in(people.bob, password) == 200
    again = charter.done("users", "reset-password", people.bob.email, *words)
    assert again.removesuffix("\n") != password


def test_no_password_is_kept_or_shown(charter: Terminal, people: People) -> None:
    secret = secrets.token_urlsafe(24)

    told = charter.done("users", "reset-password", people.bob.email, stdin=secret)
    charter.refused("users", "reset-password", people.bob.email, stdin=f"\0{secret}")

    assert secret not in told
    assert secret not in str([run(f"SELECT * FROM {table}") for table in ("users", "audit_events", "sessions")])


class Typist:
    """Somebody at a terminal of a process of its own, whose standard output goes elsewhere."""

    def __init__(self, *words: str, **variables: str) -> None:
        self._keyboard, terminal = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", *words],
            cwd=ROOT, env=clean_environment(**variables), stdin=terminal, stderr=terminal, stdout=subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip
        os.close(terminal)
        self.screen = ""

    def response(self, question: str, text: str) -> None:
        """Wait for a question, type, and press Enter."""
        seen = len(self.screen)
        while question not in self.screen[seen:]:
            self.screen += os.read(self._keyboard, 1024).decode()
        os.write(self._keyboard, f"{text}\n".encode())

    def end(self) -> tuple[int, str]:
        """Return the exit code and what went to standard output."""
        printed = self.process.communicate(timeout=60)[0].decode()
        while True:
            try:
                self.screen += os.read(self._keyboard, 1024).decode()
            except OSError:  # the other end is gone
                break
        os.close(self._keyboard)
        return self.process.returncode, printed


def test_at_a_terminal_it_asks_first_and_the_password_is_typed_twice_without_echo(
    people: People, database: Database
) -> None:
    people.bob.sign_in()
    typist = Typist("users", "reset-password", people.bob.email, **production(database))

    typist.response("Set a new password for bob@example.com and end all its sessions? [y/N]:", "y")
    typist.response("New password:", NEW)
    typist.response("Repeat it:", "velvet anchor 3 turnips")
    typist.response("New password:", NEW)
    typist.response("Repeat it:", NEW)
    code, printed = typist.end()

    assert (code, printed) == (0, "bob@example.com has a new password; all its sessions have ended\n")
    assert "do not match" in typist.screen
    assert "velvet" not in typist.screen
    assert sign_in(people.bob, NEW) == 200


def test_anybody_who_says_no_at_the_terminal_changes_nothing(people: People, database: Database) -> None:
    people.bob.sign_in()
    typist = Typist("users", "suspend", people.bob.email, **production(database))

    typist.response("Suspend bob@example.com and end all its sessions? [y/N]:", "n")

    assert typist.end() == (1, "")
    assert live_sessions(people.bob.id) == 1
    assert command_rows() == []


def test_at_a_terminal_nothing_is_asked_of_who_says_yes(people: People, database: Database) -> None:
    people.bob.sign_in()
    typist = Typist("users", "suspend", people.bob.email, "--yes", **production(database))

    assert typist.end() == (0, "bob@example.com is suspended; all its sessions have ended\n")
    assert typist.screen == ""
