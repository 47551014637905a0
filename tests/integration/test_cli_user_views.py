"""`charter users list` and `show`: what they print for people and for scripts."""

import json
import os
import pwd
import shlex
from pathlib import Path

import pytest

from app.database import Database, run
from app.identifiers import new_id
from tests.integration.conftest import Services
from tests.people import People, make_crowd
from tests.service import Service
from tests.terminal import Terminal, command_rows
from tests.wire import data

OS_USER = pwd.getpwuid(os.getuid()).pw_name
HEADER = ["EMAIL", "ROLE", "STATUS", "VERIFIED", "CREATED", "(UTC)", "ID"]


@pytest.fixture(scope="session")
def running(services: Services) -> Service:
    """The service of one way in: the command knows neither."""
    return services["compiled"]


@pytest.fixture
def charter(tmp_path: Path, database: Database) -> Terminal:
    return Terminal(tmp_path, database)


@pytest.fixture
def three(people: People) -> People:
    """Gus, Bob and Ada, made in this order."""
    for name in ("gus", "bob", "ada"):
        assert getattr(people, name)
    return people


def test_the_list_is_a_table_newest_first(charter: Terminal, three: People) -> None:
    lines = charter.done("users", "list").splitlines()

    assert lines[0].split() == HEADER
    assert [line.split()[0] for line in lines[1:4]] == ["ada@example.com", "bob@example.com", "gus@example.com"]
    gus = lines[3].split()
    assert (gus[1:4], gus[-1]) == (["guest", "active", "no"], str(three.gus.id))
    assert lines[4:] == ["", "1 to 3 of 3 accounts"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("--q", "BO"), ["bob"]),
        (("--role", "admin"), ["ada"]),
        (("--role", "no-such-role"), []),
        (("--status", "suspended"), ["gus"]),
        (("--status", "active", "--sort", "email"), ["ada", "bob"]),
        (("--sort", "-email"), ["gus", "bob", "ada"]),
        (("--sort", "created_at"), ["gus", "bob", "ada"]),
        (("--sort=-created_at"), ["ada", "bob", "gus"]),
        (("--sort", "updated_at"), ["gus", "bob", "ada"]),
        (("--sort", "-updated_at"), ["ada", "bob", "gus"]),
        (("--offset", "3"), []),
    ],
    ids=str,
)
def test_filters_and_orders_are_those_of_the_api(
    charter: Terminal, three: People, words: tuple[str, ...], found: list[str]
) -> None:
    run("UPDATE users SET status = 'suspended' WHERE email = 'gus@example.com'")

    listed = json.loads(charter.done("users", "list", "--json", *([words] if isinstance(words, str) else words)))

    assert [user["email"].partition("@")[0] for user in listed["users"]] == found


def test_the_line_under_a_page_leads_to_the_next_one(charter: Terminal, people: People) -> None:
    for name in ("o'neil", "olga", "otto"):
        people.make(name, "user")
    seen: list[str] = []
    command = "charter users list --q=o --role=user --sort=email --limit=1"
    while command:
        *table, command = charter.done(*shlex.split(command)[1:]).splitlines()
        seen.append(table[1].split()[0])
        counted = table[3] if command.startswith("next page: ") else command
        assert counted == f"{len(seen)} to {len(seen)} of 3 accounts"
        command = command.removeprefix("next page: ") if command.startswith("next page: ") else ""

    assert seen == ["o'neil@example.com", "olga@example.com", "otto@example.com"]


def test_an_empty_page_says_so(charter: Terminal, people: People) -> None:
    assert charter.done("users", "list") == "0 accounts\n"
    assert people.bob
    assert charter.done("users", "list", "--offset", "5") == "none beyond 5 of 1 account\n"


def test_more_than_are_counted_are_said_to_be_more(charter: Terminal, database: Database) -> None:
    make_crowd(10_001)

    *_, counted, following = charter.done("users", "list").splitlines()
    *_, last = charter.done("users", "list", "--offset", "10000", "--limit", "100").splitlines()

    assert charter.done("users", "list", "--offset", "9990", "--limit", "10").endswith("--limit=10 --offset=10000\n")
    assert counted == "1 to 20 of more than 10000 accounts"
    assert following == "next page: charter users list --offset=20"
    assert last == "10001 to 10001 of more than 10000 accounts"


def test_the_list_as_json_is_what_the_api_answers(charter: Terminal, three: People) -> None:
    words = ("users", "list", "--json", "--status", "active", "--limit", "1", "--offset", "1")
    listed = json.loads(charter.done(*words))

    response = three.ada.api.get("/v1/users", params={"status": "active", "limit": 1, "offset": 1})
    assert listed["users"] == data(response)
    theirs, ours = response.json()["meta"]["pagination"], listed["pagination"]
    for name in ("next", "previous"):
        assert data(three.ada.api.get(ours[name])) == data(three.ada.api.get(theirs[name]))
    rest = ("offset", "limit", "total", "total_is_exact")
    assert [ours[name] for name in rest] == [theirs[name] for name in rest]


def test_an_account_as_json_is_what_the_api_answers_and_what_is_live_of_it(charter: Terminal, three: People) -> None:
    three.bob.sign_in()
    before = three.bob.sign_in()
    refresh = {"refresh_token": before["refresh_token"]}
    with three.bob.service.client() as client:
        data(client.post("/v1/auth/refresh", json=refresh))

    shown = json.loads(charter.done("users", "show", "BOB@example.com", "--json"))

    assert set(shown) == {"user", "permissions", "sessions", "waits"}
    assert shown["user"] == data(three.ada.api.get(f"/v1/users/{three.bob.id}"))
    assert shown["permissions"] == ["account:read", "account:update", "profiles:read", "sessions:end"]
    newest, oldest = shown["sessions"]
    assert set(newest) == {
        "id", "created_at", "last_refreshed_at", "expires_at", "user_agent", "address", "current",
    }  # fmt: skip
    assert newest["last_refreshed_at"] >= newest["created_at"] > oldest["created_at"]
    assert (oldest["last_refreshed_at"], oldest["address"], oldest["current"]) == (None, "127.0.0.1", False)
    assert "httpx" in oldest["user_agent"]
    assert shown["waits"] == []


def test_whether_sign_in_is_slowed_down_is_told_with_how_long_and_where_from(charter: Terminal, people: People) -> None:
    people.bob.sign_in()
    with people.bob.service.client() as client:
        for _ in range(9):
            client.post("/v1/auth/login", json={"email": people.bob.email, "password": "wrong"})
            run("UPDATE sign_in_attempts SET blocked_until = now() + interval '90 seconds' WHERE failures >= 5")

    [wait] = json.loads(charter.done("users", "show", people.bob.email, "--json"))["waits"]
    assert (wait["network"], 0 < wait["seconds"] <= 90) == ("127.0.0.1", True)
    assert "s from 127.0.0.1\n" in charter.done("users", "show", people.bob.email)
    assert "need not wait" in charter.done("users", "show", str(people.make("olga", "user").id))


def test_an_account_is_shown_whole(charter: Terminal, three: People) -> None:
    three.bob.sign_in()

    shown = charter.done("users", "show", str(three.bob.id))

    facts = dict(line.split(maxsplit=1) for line in shown.split("\n\n")[0].splitlines()[1:])
    assert (facts["id"], facts["role"], facts["status"]) == (str(three.bob.id), "user", "active")
    assert facts["permissions"] == "account:read account:update profiles:read sessions:end"
    assert "1 live session\n" in shown
    assert shown.splitlines()[-2].split()[:2] == ["ID", "CREATED"]
    run("UPDATE sessions SET ended_at = now()")
    assert charter.done("users", "show", str(three.bob.id)).endswith("\n\n0 live sessions\n")


def test_what_people_write_cannot_steer_the_terminal(charter: Terminal, people: People) -> None:
    people.bob.sign_in()
    evil = "\x1b[2J\x9b1A\u202egnp.exe\nadmin"
    run("UPDATE user_profiles SET display_name = %s, bio = %s", (evil, evil))
    run("UPDATE sessions SET user_agent = %s", (evil,))

    for words in ((), ("--json",)):
        shown = charter.done("users", "show", people.bob.email, *words)

        assert not {"\x1b", "\x9b", "\u202e"} & set(shown)
        assert "\nadmin" not in shown
    assert json.loads(shown)["user"]["profile"]["bio"] == evil


@pytest.mark.parametrize("name", ["nobody@example.com", "0", ""])
def test_looking_for_who_is_not_there_is_one_line(charter: Terminal, database: Database, name: str) -> None:
    assert charter.refused("users", "show", name)
    assert charter.refused("users", "show", str(new_id())) == "charter: No account has this id.\n"
    rows = command_rows()
    assert len(rows) == 2
    for row in rows:
        row.check(action="user.shown", outcome="failed", reason="not_found", target=None, details={"os_user": OS_USER})


@pytest.mark.parametrize("words", [(), ("--json",)], ids=["text", "json"])
def test_looking_leaves_one_row_that_tells_no_address(charter: Terminal, three: People, words: tuple[str, ...]) -> None:
    charter.done("users", "list", "--q", "bob@example.com", "--role", "user", *words)
    charter.done("users", "show", three.bob.email, *words)

    listed, shown = command_rows()
    same = {"kind": "event", "actor": None, "outcome": "succeeded", "details": {"os_user": OS_USER}, "client": None}
    listed.check(**same, role="cli", action="users.listed", target=None)
    shown.check(**same, role="cli", action="user.shown", target=f"user:{three.bob.id}")


@pytest.mark.parametrize("words", [("list",), ("show", "bob@example.com")], ids=["list", "show"])
def test_what_cannot_be_recorded_is_not_shown(charter: Terminal, three: People, words: tuple[str, ...]) -> None:
    assert three
    run("ALTER TABLE charter_audit_entries ADD CHECK (role_id <> 0)")

    response = charter("users", *words)

    assert (response.exit_code, response.stdout) == (1, "")
