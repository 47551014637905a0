"""Maintenance: nothing grows without bound, and nothing that still counts is dropped."""

from datetime import timedelta

from app.database import run
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
    months = run("SELECT count(*) FROM pg_inherits WHERE inhparent = 'audit_events'::regclass")[0][0]
    assert months >= 1 + 4 + 4


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


def _count(table: str) -> int:
    return int(run(f"SELECT count(*) FROM {table}")[0][0])
