"""The rows of a large population: as many as were asked for, alike for every size, and none that a table refuses."""

import io
from datetime import UTC, datetime
from itertools import pairwise
from uuid import UUID

import pytest

from app.identifiers import lowest_id
from tests.bench.scale import names
from tests.bench.scale.databases import Rejected
from tests.bench.scale.filling import Stream, rows_of
from tests.bench.scale.population import ADMIN, BUSY, COLUMNS, RARELY, RARITIES, People, Population, Trail
from tests.bench.scale.progress import Progress
from tests.bench.scale.seed import reject_production
from tests.bench.scale.trail import LABELS, NULL

UNTIL = datetime(2026, 3, 5, 12, tzinfo=UTC)
SIZE = Population(users=2_000, events=6_000, until=UNTIL)
NUMBERED = {str(number): words for number, words in enumerate(LABELS, start=7)}
NUMBERS = (
    {words: int(number) for number, words in NUMBERED.items()},
    dict.fromkeys(("user", "cli", *(name for name, *_ in RARITIES)), 5),
)
ROLE_IDS = {name: f"id of {name}" for name in ("admin", "auditor", "support", "guest", "user")}


def rows(table, blocks):
    """Return rows as mappings; each has a value for each column."""
    columns = COLUMNS[table].replace(" ", "").split(",")
    found = []
    for count, text in blocks:
        lines = text.splitlines()
        assert len(lines) == count
        found += [dict(zip(columns, line.split("\t"), strict=True)) for line in lines]
    return found


@pytest.fixture(scope="module")
def people():
    return People(SIZE, ROLE_IDS, "a hash")


@pytest.fixture(scope="module")
def users(people):
    return rows("users", people.users())


@pytest.fixture(scope="module")
def events(people):
    trail = Trail(SIZE, people, *NUMBERS)
    written = [row for month in trail.months() for row in rows("charter_audit_entries", trail.events(month))]
    return [
        row | {"action": NUMBERED[row["label_id"]][0], "target_type": NUMBERED[row["label_id"]][4]} for row in written
    ]


def test_there_are_as_many_as_were_asked_for(people, users, events):
    made = [users, rows("user_profiles", people.profiles()), rows("sessions", people.sessions()), events]
    clients = rows("audit_clients", Trail(SIZE, people, *NUMBERS).clients())

    assert [len(part) for part in made] == [2_000, 2_000, 1_000, 6_000]
    assert rows_of(SIZE) == sum(len(part) for part in made) + len(clients)


def test_ids_are_version_7_of_the_moment_that_the_row_tells(users, events):
    for row, column in [*((user, "created_at") for user in users), *((event, "occurred_at") for event in events)]:
        made, told = UUID(row["id"]), datetime.fromisoformat(row[column])
        assert made.version == 7
        assert made.int >> 80 == lowest_id(told).int >> 80
        assert told <= UNTIL


def test_no_two_accounts_share_an_address_and_one_is_known(users):
    assert len({user["email"] for user in users}) == len(users)
    assert users[0] | {"email": ADMIN, "role_id": "id of admin", "status": "active"} == users[0]
    assert all(user["email"] == user["email"].lower() for user in users)


def test_accounts_come_one_after_the_other_and_change_later(users):
    assert all(one["created_at"] <= other["created_at"] for one, other in pairwise(users))
    assert all(user["created_at"] <= user["updated_at"] for user in users)


@pytest.mark.parametrize(("role", "one_in"), [(role, one_in) for role, one_in, _ in RARITIES if one_in < 2_000])
def test_every_size_has_the_same_share_of_a_role(users, role, one_in):
    numbers = [number for number, user in enumerate(users) if user["role_id"] == f"id of {role}"]
    assert 0.6 < len(numbers) * one_in / len(users) <= 1
    assert (role == "guest") == all(users[number]["verified_at"] == NULL for number in numbers)


def test_names_that_many_share_begin_alike_in_every_size():
    def share(size, prefix):
        return sum(names.email(number).startswith(prefix) for number in range(size)) / size

    for prefix in ("a", "anna"):
        assert share(5_000, prefix) == pytest.approx(share(50_000, prefix), rel=0.2)
    assert share(5_000, "a") > 0.05


def test_the_trail_reaches_back_over_months_and_the_busy_account_has_much_of_it(users, events):
    busy = next(user["id"] for user in users if user["email"] == BUSY)
    theirs = [event for event in events if event["actor_id"] == busy]

    assert len({event["occurred_at"][:7] for event in events}) == 6
    assert len(theirs) / len(events) == pytest.approx(0.6, abs=0.05)
    assert sum(event["action"] == "delete_user" for event in theirs) == RARELY


def test_what_an_event_names_is_somebody(users, events):
    known = {user["id"] for user in users}
    about = [event["target_id"] for event in events if event["target_type"] == "user"]

    assert about
    assert set(about) <= known
    assert {event["actor_id"] for event in events} - known == {NULL}


def test_the_stream_hands_on_every_character_and_counts_the_rows():
    progress = Progress(3, io.StringIO())
    stream = Stream([(2, "one\ntwo\n"), (1, "three\n")], progress)

    assert "".join(iter(lambda: stream.read(3), "")) == "one\ntwo\nthree\n"
    assert progress.done == 3


def test_progress_tells_rate_and_rest():
    progress = Progress(1_000, io.StringIO())
    progress.advance(250)

    assert progress.line(10.0).split() == ["25%", "250", "rows", "25/s", "0:30", "left"]


def test_a_pipe_gets_plain_lines():
    output = io.StringIO()
    progress = Progress(2, output)
    progress.begin("users")
    progress.advance(2)
    progress.end()

    assert output.getvalue().startswith("100%")
    assert output.getvalue().count("\n") == 1
    assert "\r" not in output.getvalue()


@pytest.mark.parametrize("environ", [{"CHARTER_ENV": "production"}, {}])
def test_production_is_not_filled(environ):
    with pytest.raises(Rejected, match="CHARTER_ENV=development"):
        reject_production(environ)
    reject_production({"CHARTER_ENV": "development"})
