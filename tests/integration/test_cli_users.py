"""`charter users` where it changes something: what, and the one row that it leaves."""

import os
import pwd
import re
from pathlib import Path

import pytest

from app.cli.first_admin import ensure_admin
from app.cli.users import users
from app.database import Database, run
from app.identifiers import new_id
from tests.integration.conftest import Services
from tests.people import People, make_role
from tests.rows import live_sessions, number_of_accounts, stored
from tests.servers import Servers
from tests.service import Service, config_for
from tests.terminal import Terminal, command_row, command_rows
from tests.wire import data, refused

OS_USER = pwd.getpwuid(os.getuid()).pw_name
REQUEST_ID = re.compile(r"cli-[0-9a-f-]{36}")
NEW = "velvet anchor 3 turnip"

# Words behind `users`, with the account for {}; the event's name; what goes to standard input.
DEEDS = {
    "verify": (("verify", "{}"), "user.verified", ""),
    "suspend": (("suspend", "{}"), "user.suspended", ""),
    "restore": (("restore", "{}"), "user.restored", ""),
    "set-role": (("set-role", "{}", "guest"), "user.role_set", ""),
    "reset-password": (("reset-password", "{}"), "user.password_reset", NEW),
}
every_deed = pytest.mark.parametrize("deed", DEEDS)


# What the row of a deed done to Gus keeps besides who did it.
SAID: dict[str, dict[str, object]] = {
    "verify": {"changed": ["email_verified", "role"]},
    "set-role": {"from": "guest", "to": "guest"},
}


@pytest.fixture(scope="session")
def running(services: Services) -> Service:
    """The service of one way in: the command knows neither."""
    return services["compiled"]


@pytest.fixture
def charter(tmp_path: Path, database: Database) -> Terminal:
    return Terminal(tmp_path, database)


def words_of(deed: str, account: str) -> list[str]:
    return ["users", *(word.format(account) for word in DEEDS[deed][0])]


def everything() -> list[tuple]:
    return run("SELECT * FROM users u JOIN user_profiles p ON p.user_id = u.id ORDER BY u.id")


@every_deed
def test_a_deed_is_one_line_and_leaves_one_row(charter: Terminal, people: People, deed: str) -> None:
    gus = people.gus

    told = charter.done(*words_of(deed, gus.email), stdin=DEEDS[deed][2])

    assert re.fullmatch(r"gus@example\.com .+\n", told)
    row = command_row()
    assert REQUEST_ID.fullmatch(row.request_id)
    row.check(kind="event", actor=None, role="cli", client=None, action=DEEDS[deed][1], outcome="succeeded")
    row.check(target=f"user:{gus.id}", details={**SAID.get(deed, {}), "os_user": OS_USER})
    assert run("SELECT count(*) FROM audit_clients") == [(0,)]


@every_deed
@pytest.mark.parametrize("spelling", ["id", "ID", "GUS@Example.COM", "ｇｕｓ@example.com"])
def test_an_account_is_named_by_its_id_or_its_address_in_any_spelling(
    charter: Terminal, people: People, deed: str, spelling: str
) -> None:
    names = {"id": str(people.gus.id), "ID": str(people.gus.id).upper()}

    charter.done(*words_of(deed, names.get(spelling, spelling)), stdin=DEEDS[deed][2])

    assert command_row().target == f"user:{people.gus.id}"


@every_deed
def test_an_unknown_account_is_one_line_and_one_failed_row(charter: Terminal, people: People, deed: str) -> None:
    before = (people.gus, everything())[1]
    for name in ("nobody@example.com", str(new_id()), "gus", "\udcff@example.com"):
        count = len(command_rows())

        told = charter.refused(*words_of(deed, name), stdin=DEEDS[deed][2])

        assert "No account" in told or "neither an address nor an id" in told
        *_, row = command_rows()
        assert len(command_rows()) == count + 1
        row.check(role="cli", action=DEEDS[deed][1], outcome="failed", reason="not_found", target=None)
    assert everything() == before


@every_deed
def test_what_cannot_be_recorded_is_not_done(charter: Terminal, people: People, deed: str) -> None:
    people.gus.sign_in()
    before = everything()
    run("ALTER TABLE charter_audit_entries ADD CHECK (role_id <> 0)")

    response = charter(*words_of(deed, people.gus.email), stdin=DEEDS[deed][2])

    assert (response.exit_code, response.stdout) == (1, "")
    assert everything() == before
    assert live_sessions(people.gus.id) == 1


def test_verifying_turns_a_guest_into_a_user(charter: Terminal, people: People) -> None:
    told = charter.done("users", "verify", people.gus.email)

    assert told == "gus@example.com is verified, role user\n"
    assert stored(people.gus.id) == ("gus@example.com", "user", "active", True, 2)
    assert charter.done("users", "verify", people.gus.email) == told


def test_a_suspended_account_is_out_at_its_very_next_request(charter: Terminal, people: People) -> None:
    data(people.bob.api.get("/v1/users/me"))

    told = charter.done("users", "suspend", people.bob.email, "--reason", "Reported for spam.", "--yes")

    assert told == "bob@example.com is suspended; all its sessions have ended\n"
    refused(people.bob.api.get("/v1/users/me"), 401, "SESSION_ENDED")
    assert command_row().details == {"os_user": OS_USER, "reason": "Reported for spam."}


def test_a_restored_account_signs_in_again_and_no_session_comes_back(charter: Terminal, people: People) -> None:
    old = people.bob.api
    charter.done("users", "suspend", people.bob.email)

    assert charter.done("users", "restore", people.bob.email) == "bob@example.com is active, role user\n"

    refused(old.get("/v1/users/me"), 401, "SESSION_ENDED")
    assert people.bob.sign_in()["user"]["status"] == "active"


def test_a_role_counts_from_the_next_request_on(charter: Terminal, people: People) -> None:
    refused(people.bob.api.get("/v1/users"), 403, "FORBIDDEN")

    assert charter.done("users", "set-role", people.bob.email, "admin") == "bob@example.com has the role admin\n"

    assert data(people.bob.api.get("/v1/users"))


def test_the_operator_gives_roles_of_every_kind(charter: Terminal, people: People) -> None:
    make_role("relic", "ships:launch", "users:list")

    charter.done("users", "set-role", people.bob.email, "relic")

    assert command_row().details == {"os_user": OS_USER, "from": "user", "to": "relic"}
    assert data(people.bob.api.get("/v1/users"))


def test_a_suspended_account_with_another_role_says_that_it_is_still_suspended(
    charter: Terminal, people: People
) -> None:
    charter.done("users", "suspend", people.bob.email, "--yes")

    told = charter.done("users", "set-role", people.bob.email, "admin")

    assert told.endswith("has the role admin; it is still suspended: charter users restore bob@example.com\n")


@pytest.mark.parametrize("deed", ["suspend", "set-role"])
def test_the_last_admin_stays(charter: Terminal, people: People, deed: str) -> None:
    data(people.ada.api.get("/v1/users"))

    told = charter.refused(*words_of(deed, people.ada.email))

    assert "last active admin" in told
    row = command_row()
    assert (row.outcome, row.reason, row.target) == ("failed", "last_admin", f"user:{people.ada.id}")
    assert data(people.ada.api.get("/v1/users"))


@pytest.mark.parametrize("role", ["no-such-role", "Admin"])
def test_a_role_that_is_not_there_is_refused(charter: Terminal, people: People, role: str) -> None:
    told = charter.refused("users", "set-role", people.bob.email, role)

    assert "no role with this name" in told
    row = command_row()
    assert (row.outcome, row.reason, row.target) == ("failed", "validation_error", f"user:{people.bob.id}")
    assert row.details == {"os_user": OS_USER, "from": "user", "to": role}


@pytest.mark.parametrize(
    "words",
    [
        ("suspend", "bob@example.com", "--yes", "--reason", ""),
        ("suspend", "bob@example.com", "--yes", "--reason", "r" * 501),
        ("suspend", "bob@example.com", "--yes", "--reason", "\udcff"),
        ("set-role", "bob@example.com", "\udcff"),
        ("set-role", "bob@example.com"),
        ("list", "--q", "\udcff"),
        ("list", "--limit", "101"),
        ("list", "--offset", "10001"),
        ("list", "--sort", "password_hash"),
        ("reset-password", "bob@example.com", "--password", NEW),
    ],
    ids=ascii,
)
def test_wrong_words_are_wrong_usage_and_leave_nothing(charter: Terminal, people: People, words: tuple) -> None:
    before = (people.bob, everything())[1]

    response = charter("users", *words)

    assert (response.exit_code, response.stdout) == (2, "")
    assert everything() == before
    assert command_rows() == []


@pytest.mark.parametrize("stdin", ["", "n\n"], ids=["nothing", "no"])
def test_without_a_terminal_nothing_is_asked(charter: Terminal, people: People, stdin: str) -> None:
    people.bob.sign_in()

    response = charter("users", "suspend", people.bob.email, stdin=stdin)

    assert (response.exit_code, response.stderr) == (0, "")
    assert live_sessions(people.bob.id) == 0


def test_nobody_hides_who_ran_the_command(charter: Terminal, people: People) -> None:
    charter.done("users", "restore", people.bob.email, LOGNAME="mallory", USER="mallory")

    assert command_row().details == {"os_user": OS_USER}


def test_the_first_admin_leaves_a_row_and_so_does_who_comes_too_late(charter: Terminal, database: Database) -> None:
    charter.done("users", "create-admin", CHARTER_ADMIN_PASSWORD=NEW)
    message = charter.refused("users", "create-admin", CHARTER_ADMIN_PASSWORD=NEW)

    assert "there is an admin already" in message
    [(admin,)] = run("SELECT id FROM users")
    made, late = command_rows()
    same = {"role": "cli", "action": "user.created", "details": {"os_user": OS_USER}}
    made.check(**same, outcome="succeeded", target=f"user:{admin}")
    late.check(**same, outcome="failed", reason="admin_exists", target=None)


def test_the_first_admin_that_a_start_creates_leaves_a_row_too_and_later_starts_none(database: Database) -> None:
    config = config_for(DATABASE_URL=database.url)

    assert ensure_admin(config)
    assert ensure_admin(config) is None

    [(admin,)] = run("SELECT id FROM users")
    command_row().check(role="cli", action="user.created", outcome="succeeded", target=f"user:{admin}")


@pytest.mark.parametrize(
    ("variables", "code", "reason"),
    [
        ({"CHARTER_ADMIN_PASSWORD": "swordfish"}, 78, "validation_error"),
        ({"CHARTER_ADMIN_EMAIL": "bob@example.com"}, 78, "email_taken"),
    ],
    ids=["password", "address"],
)
def test_a_first_admin_who_cannot_be_leaves_a_failed_row(
    charter: Terminal, people: People, variables: dict[str, str], code: int, reason: str
) -> None:
    assert people.bob

    charter.refused("users", "create-admin", code=code, **variables)

    row = command_row()
    assert (row.action, row.outcome, row.reason, row.target) == ("user.created", "failed", reason, None)
    assert number_of_accounts() == 1


def test_a_database_that_is_behind_is_one_line(charter: Terminal, servers: Servers) -> None:
    url = servers.empty()

    assert "charter db migrate" in charter.refused("users", "list", code=78, DATABASE_URL=url)
    servers.drop(url)


def test_a_database_that_is_away_is_one_line_without_its_password(charter: Terminal) -> None:
    away = "postgresql://charter:hunter2hunter2@127.0.0.1:1/charter"
    for words in (["users", "list"], ["users", "show", "a@b.example"], words_of("suspend", "a@b.example")):
        message = charter.refused(*words, code=69, DATABASE_URL=away)

        assert "127.0.0.1:1" in message
        assert "hunter2" not in message


def test_every_command_of_the_group_shows_an_example(charter: Terminal) -> None:
    for name in users.commands:
        shown = charter.done("users", name, "--help")

        assert re.search(rf"\n  Examples?:\n    .*charter users {name}\b", shown), shown
