"""`charter settings`: what it prints, what it takes for a value, and the one row that each command leaves."""

import json
import os
import pwd
import re
from pathlib import Path
from typing import Any

import pytest

from app.database import Database, run
from tests import leaks
from tests.integration.conftest import Services
from tests.people import People
from tests.rows import store_setting, stored_settings
from tests.service import Service
from tests.terminal import Terminal, command_row, command_rows
from tests.wire import data, refused

OS_USER = pwd.getpwuid(os.getuid()).pw_name
NOTICE, OPEN = "service.notice", "registration.open"
DOMAINS, CODE = "registration.allowed_domains", "registration.invitation_code"
SECRET = "six geese a-laying"


@pytest.fixture(scope="session")
def running(services: Services) -> Service:
    """The service of one way in: the command knows neither."""
    return services["compiled"]


@pytest.fixture
def charter(tmp_path: Path, database: Database) -> Terminal:
    leaks.note(SECRET)
    return Terminal(tmp_path, database)


def test_the_list_is_a_table_in_the_order_of_the_keys(charter: Terminal) -> None:
    store_setting(OPEN, False)
    store_setting(CODE, SECRET)
    store_setting(NOTICE, "\x1b[31m" + "x" * 200)

    lines = charter.done("settings", "list").splitlines()

    assert lines[0].split() == ["KEY", "VISIBILITY", "SET", "(UTC)", "VALUE"]
    rows = {line.split()[0]: line.split() for line in lines[1:]}
    assert list(rows) == sorted(rows)
    assert rows[DOMAINS][1:] == ["private", "-", "[]"]
    assert (rows[OPEN][1], rows[OPEN][-1]) == ("public", "false")
    assert (rows[CODE][1], rows[CODE][-1]) == ("secret", "***")
    assert rows[NOTICE][-1].startswith('"\\u001b[31mxxx')
    assert max(map(len, lines)) <= 130
    row = command_row()
    row.check(actor=None, role="cli", action="settings.listed", outcome="succeeded", target=None, client=None)
    assert row.details == {"os_user": OS_USER}


def test_as_json_it_is_what_the_api_answers(charter: Terminal, people: People) -> None:
    store_setting(CODE, SECRET)
    store_setting(NOTICE, "Back at noon.")

    assert json.loads(charter.done("settings", "list", "--json")) == {
        "settings": data(people.ada.api.get("/v1/settings"))
    }
    for key in (NOTICE, CODE):
        shown = data(people.ada.api.get(f"/v1/settings/{key}"))
        assert json.loads(charter.done("settings", "get", key, "--json")) == shown


def test_one_setting_is_shown_in_full(charter: Terminal) -> None:
    store_setting(DOMAINS, ["example.com"])

    told = charter.done("settings", "get", DOMAINS).splitlines()

    assert told[0] == DOMAINS
    assert ["value", '["example.com"]'] in [line.split(maxsplit=1) for line in told]
    assert ["default", "[]"] in [line.split(maxsplit=1) for line in told]
    row = command_row()
    assert (row.action, row.outcome, row.target) == ("setting.shown", "succeeded", f"setting:{DOMAINS}")


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        (OPEN, "false", False),
        (DOMAINS, '["example.com", "example.org"]', ["example.com", "example.org"]),
        (NOTICE, "Back at noon.", "Back at noon."),
        (NOTICE, '"null"', "null"),
        (NOTICE, "null", None),
        (NOTICE, "12", "12"),
        (NOTICE, "{", "{"),
        (NOTICE, '{"a": 1, "a": 2}', '{"a": 1, "a": 2}'),
        (NOTICE, "NaN", "NaN"),
        ("support.contact", "help@example.com", "help@example.com"),
        ("sign_in.unverified", "null", None),
    ],
)
def test_a_value_is_json_or_plain_text(charter: Terminal, key: str, text: str, value: Any) -> None:
    assert charter.done("settings", "set", key, text) == f"{key} is {json.dumps(value)}\n"

    assert stored_settings() == {key: value}
    row = command_row()
    old: Any = [] if key == DOMAINS else True if key == OPEN else None
    assert (row.action, row.outcome, row.target) == ("setting.changed", "succeeded", f"setting:{key}")
    assert row.details == {"key": key, "old": old, "new": value, "os_user": OS_USER}


@pytest.mark.parametrize(
    ("key", "text", "told"),
    [
        (OPEN, "maybe", 'registration.open must be true or false, not "maybe"'),
        (OPEN, "1", "registration.open must be true or false, not 1"),
        (DOMAINS, '["a@b"]', 'registration.allowed_domains.0 does not match the required pattern: ["a@b"]'),
        (NOTICE, "x" * 501, f'service.notice must have at most 500 characters, not "{"x" * 58}…'),
    ],
)
def test_a_value_that_does_not_fit_is_one_line_and_one_failed_row(
    charter: Terminal, key: str, text: str, told: str
) -> None:
    assert charter.refused("settings", "set", key, text) == f"charter: {told}\n"

    assert stored_settings() == {}
    row = command_row()
    assert (row.action, row.outcome, row.reason) == ("setting.changed", "failed", "validation_error")
    assert (row.target, row.details) == (f"setting:{key}", {"os_user": OS_USER})


@pytest.mark.parametrize("words", [("get", "no.such.key"), ("set", "no.such.key", "1"), ("reset", "no.such.key")])
def test_an_unknown_key_is_one_line_and_one_failed_row(charter: Terminal, words: tuple[str, ...]) -> None:
    assert (
        charter.refused("settings", *words) == "charter: There is no setting with this key. See the list of settings.\n"
    )

    row = command_row()
    assert (row.outcome, row.reason, row.target) == ("failed", "not_found", "setting:no.such.key")


@pytest.mark.parametrize(
    "words",
    [("get",), ("set", OPEN), ("set", OPEN, ""), ("get", "x" * 65), ("set", NOTICE, "\udcff"), ("reset", OPEN, "x")],
)
def test_wrong_usage_does_nothing(charter: Terminal, words: tuple[str, ...]) -> None:
    response = charter("settings", *words)

    assert response.exit_code == 2
    assert re.search(r"^Usage: \w+ settings", response.stderr)
    assert (stored_settings(), command_rows()) == ({}, [])


@pytest.mark.parametrize("line", [f"{SECRET}\n", f"{SECRET}\r\nand more\n", json.dumps(SECRET)])
def test_a_secret_comes_from_standard_input_and_is_shown_nowhere(charter: Terminal, line: str) -> None:
    assert charter.done("settings", "set", CODE, stdin=line) == f"{CODE} is set\n"

    assert stored_settings() == {CODE: SECRET}
    assert command_row().details == {"key": CODE, "old": "***", "new": "***", "os_user": OS_USER}
    assert SECRET not in charter.done("settings", "get", CODE) + charter.done("settings", "list", "--json")


@pytest.mark.parametrize(
    ("stdin", "told"),
    [
        ("", "there is no value on standard input"),
        ("\n", f"charter: {CODE} must have at least 16 characters\n"),
        ("too short\n", f"charter: {CODE} must have at least 16 characters\n"),
        (b"\xff" * 20, "the value is not valid text"),
        ("too short by a \0\n", f"{CODE} has a NUL character or half of a surrogate pair"),
    ],
)
def test_a_secret_that_is_none_is_refused_without_being_repeated(
    charter: Terminal, stdin: str | bytes, told: str
) -> None:
    line = charter.refused("settings", "set", CODE, stdin=stdin)

    assert told in line
    assert "too short" not in line
    assert stored_settings() == {}


def test_a_reset_removes_the_value_and_the_default_counts(charter: Terminal) -> None:
    store_setting(OPEN, False)
    store_setting(CODE, SECRET)

    assert charter.done("settings", "reset", OPEN) == f"{OPEN} is true, its default\n"
    assert charter.done("settings", "reset", CODE) == f"{CODE} is its default\n"

    assert stored_settings() == {}
    first, second = command_rows()
    assert (first.action, first.target) == ("setting.reset", f"setting:{OPEN}")
    assert first.details == {"key": OPEN, "old": False, "new": True, "os_user": OS_USER}
    assert second.details == {"key": CODE, "old": "***", "new": "***", "os_user": OS_USER}


def test_a_running_server_goes_by_it_at_once(charter: Terminal, service: Service) -> None:
    body = {"email": "nora@example.com", "password": "marmalade lantern 7 quarry"}
    with service.client() as client:

        def shown() -> object:
            return data(client.get("/v1/settings/public"))[OPEN]  # cached from the first time on

        assert shown() is True
        charter.done("settings", "set", OPEN, "false")
        refused(client.post("/v1/auth/register", json=body), 403, "FORBIDDEN")
        assert shown() is shown() is False
        charter.done("settings", "reset", OPEN)
        data(client.post("/v1/auth/register", json=body), 202)
        assert shown() is True


def test_what_cannot_be_recorded_is_not_done(charter: Terminal) -> None:
    run("ALTER TABLE charter_audit_entries ADD CHECK (role_id <> 0)")

    response = charter("settings", "set", OPEN, "false")

    assert (response.exit_code, response.stdout) == (1, "")
    assert stored_settings() == {}


def test_the_database_away_is_one_line(charter: Terminal) -> None:
    assert charter.refused("settings", "list", code=69, DATABASE_URL="postgresql:///gone?host=/nowhere")


def test_help_says_what_it_is_not() -> None:
    from click.testing import CliRunner

    from app.cli import main

    told = CliRunner().invoke(main, ["settings", "--help"]).output
    assert "at run time" in told
    for name in ("list", "get", "set", "reset"):
        assert f"\n  {name}" in told
        assert "Example" in CliRunner().invoke(main, ["settings", name, "--help"]).output
