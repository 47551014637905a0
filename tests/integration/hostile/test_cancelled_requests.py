"""API1:2023, API4:2023; ASVS 5.0 V15.4.1: who hangs up leaves nothing behind that somebody else could be handed.

Four clients of Alice's and four of Bob's, at the same time: each cancels requests at seeded moments, by closing,
resetting, half-closing, sending half, or sending the next ones before it has read; and reads others to the end.
"""

import threading

import pytest

from app.database import Database, run
from tests.integration.hostile.rude_client import RudeClient
from tests.people import People
from tests.waiting import until
from tests.wire import data

SEED = 20261123
CLIENTS = 8
CANCELLATIONS = 1_000
LONGEST_SECONDS = 60


def busy(database: Database) -> bool:
    """Tell whether a connection is checked out of the pool, or one is not idle: at work, or left in a transaction."""
    open_ones = run(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND state <> 'idle'"
    )
    return bool(open_ones[0][0]) or database._open != len(database._idle)


@pytest.fixture
def rude(people: People) -> list[RudeClient]:
    """The clients, once each has had its way."""
    owners = [people.alice, people.bob] * (CLIENTS // 2)
    clients = [RudeClient(owner, owner.sign_in()["access_token"], number, SEED) for number, owner in enumerate(owners)]
    threads = [threading.Thread(target=client.run, args=(CANCELLATIONS // CLIENTS,), daemon=True) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONGEST_SECONDS)
    assert not [thread for thread in threads if thread.is_alive()], "a client waits for a response that never comes"
    return clients


def test_a_thousand_cancelled_requests_hand_nobody_another_s_answer(
    people: People, database: Database, rude: list[RudeClient]
) -> None:
    """API1:2023: every response that is read is that of its own request, and afterwards all is as if nothing was."""
    assert [fault for client in rude for fault in client.wrong] == []
    assert sum(client.cancelled for client in rude) >= CANCELLATIONS
    assert sum(client.answered for client in rude) >= CANCELLATIONS // 4

    until(lambda: not busy(database), lambda: "something of a cancelled request is still held")
    for person in (people.alice, people.bob):
        mine = data(person.api.get("/v1/users/me"))
        assert (mine["id"], mine["email"]) == (str(person.id), person.email)
        assert mine["profile"]["bio"].startswith(f"{person.name}-")
        rows = run(
            "SELECT count(*), count(DISTINCT request_id), count(*) FILTER (WHERE actor_id <> %s) FROM audit_events"
            " WHERE kind = 'decision' AND request_id LIKE %s",
            (person.id, f"{person.name}-%"),
        )
        ((decisions, requests, of_others),) = rows
        assert (requests, of_others) == (decisions, 0), "one decision a request, and each in the name of its caller"
