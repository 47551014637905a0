"""Maintenance: nothing grows without bound, and nothing that still counts is dropped."""

from contextlib import closing
from datetime import timedelta

from app.database import Database, run
from app.services.maintenance import run_maintenance
from tests.people import People
from tests.service import Service
from tests.wire import data


def test_it_drops_stale_counters_and_sessions_long_over_and_keeps_the_rest(service: Service, people: People) -> None:
    data(people.alice.api.get("/v1/users/me"))
    with service.client() as client:
        client.post("/v1/auth/login", json={"email": "nobody@example.com", "password": "wrong"})
    now = service.clock()

    run_maintenance(config=service.config, now=now)
    assert (_count("sessions"), _count("sign_in_attempts")) == (1, 2)

    run_maintenance(config=service.config, now=now + timedelta(days=2))
    assert (_count("sessions"), _count("sign_in_attempts")) == (1, 0)

    run_maintenance(config=service.config, now=now + timedelta(days=90 + 31))
    assert _count("sessions") == 0
    months = run("SELECT count(*) FROM pg_inherits WHERE inhparent = 'charter_audit_entries'::regclass")[0][0]
    assert months >= 1 + 4 + 4


def test_it_keeps_a_counter_that_still_blocks_and_a_session_that_still_makes_a_network_known(
    service: Service, people: People
) -> None:
    data(people.alice.api.get("/v1/users/me"))
    with service.client() as client:
        client.post("/v1/auth/login", json={"email": "nobody@example.com", "password": "wrong"})
    now = service.clock()
    run("UPDATE sign_in_attempts SET blocked_until = %s", (now + timedelta(days=3),))
    run("UPDATE sessions SET expires_at = %s", (now + timedelta(days=1),))
    known = timedelta(days=1 + service.config.limit_known_address_days)

    run_maintenance(config=service.config, now=now + timedelta(days=2))
    assert (_count("sessions"), _count("sign_in_attempts")) == (1, 2)

    run_maintenance(config=service.config, now=now + timedelta(days=3, seconds=1))
    assert (_count("sessions"), _count("sign_in_attempts")) == (1, 0)

    run_maintenance(config=service.config, now=now + known)
    assert _count("sessions") == 1
    run_maintenance(config=service.config, now=now + known + timedelta(seconds=1))
    assert _count("sessions") == 0


def test_it_drops_stored_responses_that_are_over_in_any_number(service: Service, people: People) -> None:
    data(people.alice.api.get("/v1/users/me"))
    now = service.clock()
    run(
        """
        INSERT INTO idempotency_keys (id, user_id, operation, key, fingerprint, expires_at)
        SELECT gen_random_uuid(), id, 'make_badge', n::text, 'f', %s + interval '1 second' * sign(n)
        FROM users, generate_series(-2500, 1) n
        """,
        (now,),
    )

    run_maintenance(config=service.config, now=now)
    assert run("SELECT key FROM idempotency_keys") == [("1",)]


def test_it_waits_for_no_request_that_repeats_a_key(service: Service, people: People, database: Database) -> None:
    now = service.clock()
    run(
        """
        INSERT INTO idempotency_keys (id, user_id, operation, key, fingerprint, expires_at)
        SELECT gen_random_uuid(), %s, 'make_badge', n::text, 'f', %s FROM generate_series(1, 3) n
        """,
        (people.alice.id, now),
    )
    with closing(database.connect_outside_pool()) as request, request.cursor() as cursor:
        # Who waits for it gets the lock after five seconds.
        cursor.execute("SET idle_in_transaction_session_timeout = '5s'")
        cursor.execute("BEGIN")
        cursor.execute("SELECT FROM idempotency_keys WHERE key = '2' FOR UPDATE")
        run_maintenance(config=service.config, now=now)
        assert run("SELECT key FROM idempotency_keys") == [("2",)]


def _count(table: str) -> int:
    return int(run(f"SELECT count(*) FROM {table}")[0][0])
