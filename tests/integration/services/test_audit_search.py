"""Looking things up in the audit trail costs as much as the page it fills, though what is asked for be in no row."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.database import run, transaction
from app.identifiers import lowest_id
from app.results import CursorPage
from app.services import audit_search
from tests.integration.services.conftest import World

THEN = datetime(2026, 3, 5, tzinfo=UTC)
BUSY = "019cba9d-7c00-7000-8000-000000000001"
# Of 21602: five minutes about `since` and `until` are many of them, and may be read for each outcome.
MAX_READ = 3000
# Every second, for three hours: an operation that is always allowed, and an event that never fails.
WRITE = """
INSERT INTO audit_events (id, kind, occurred_at, request_id, action, outcome, actor_id,
                          target_type, target_id)
SELECT (left(lowest_id(moment)::text, 24) || lpad(to_hex(ordinal), 12, '0'))::uuid, kind, moment, 'r', action, outcome,
       actor::uuid, CASE kind WHEN 'decision' THEN 'role' END, CASE kind WHEN 'decision' THEN 'support' END
FROM generate_series(timestamptz '2026-03-05Z', timestamptz '2026-03-05 03:00Z', '1 s') AS moment,
     (VALUES (1, 'decision', 'get_me', 'allowed', %(busy)s), (2, 'event', 'user.updated', 'succeeded', NULL))
     AS wrote (ordinal, kind, action, outcome, actor)
"""
READ = (
    "SELECT sum(seq_tup_read + idx_tup_fetch) FROM pg_stat_xact_user_tables WHERE relname LIKE 'charter_audit_entries%'"
)


CASES: list[tuple[dict[str, Any], int]] = [
    ({"action": "get_me", "kind": "event"}, 0),
    ({"action": "get_me", "outcome": "succeeded"}, 0),
    ({"action": "get_me", "outcome": "failed"}, 0),
    ({"action": "user.updated", "kind": "decision"}, 0),
    ({"action": "user.updated", "outcome": "allowed"}, 0),
    ({"action": "delete_me"}, 0),
    ({"action": "get_me"}, 20),
    ({"action": "get_me", "outcome": "allowed", "after": lowest_id(THEN + timedelta(seconds=50))}, 20),
    ({"action": "get_me", "since": THEN, "until": THEN + timedelta(seconds=16)}, 16),
    ({"action": "user.updated", "since": THEN + timedelta(hours=2, minutes=59, seconds=50)}, 11),
    # Half of the log is what one account did, the other half what it hardly ever did.
    ({"actor": BUSY, "action": "user.updated"}, 0),
    ({"actor": BUSY, "action": "user.updated", "outcome": "succeeded"}, 0),
    ({"actor": BUSY, "action": "get_me", "outcome": "denied"}, 0),
    ({"actor": BUSY, "action": "get_me", "kind": "event"}, 0),
    ({"actor": BUSY, "action": "get_me", "outcome": "allowed"}, 20),
    ({"actor": BUSY, "outcome": "denied"}, 0),
    ({"target": "role:support", "action": "user.updated"}, 0),
    ({"target": "role:support"}, 20),
    ({"target": "role:other", "outcome": "allowed"}, 0),
    ({"actor": BUSY}, 20),
    ({"outcome": "failed"}, 0),
    ({"kind": "event"}, 20),
]


def test_no_more_of_the_log_is_read_than_a_few_pages(world: World, subtests: pytest.Subtests) -> None:
    run(WRITE, {"busy": BUSY})
    run("ANALYZE charter_audit_entries")
    for case, number in CASES:
        with subtests.test(str(case)), transaction():
            filters = dict(case)
            [(before,)] = run(READ)
            page = CursorPage(filters.pop("after", None), 20)
            found = audit_search.search(world.context(), page, audit_search.Filters(**filters))
            [(after,)] = run(READ)
            assert len(found.items) == number
            assert after - before < MAX_READ


FLOOD = """
INSERT INTO audit_events (id, kind, occurred_at, request_id, action, outcome)
SELECT (left(lowest_id(moment)::text, 24) || lpad(to_hex(1), 12, '0'))::uuid, kind, moment, 'r', action, outcome
FROM generate_series(1, 6000) AS number,
     (VALUES (1, 'decision', 'get_me', 'allowed'), (6, 'event', 'session.created', 'failed'),
             (12, 'decision', 'get_me', 'denied')) AS wrote (begin, kind, action, outcome)
CROSS JOIN LATERAL (SELECT timestamptz '2026-03-05Z' + make_interval(mins => begin, secs => number * 0.01) AS moment) at
WHERE begin > 1 OR number <= 50
"""


def test_what_most_rows_are_is_found_behind_a_flood_of_others(world: World, subtests: pytest.Subtests) -> None:
    run(FLOOD)
    run("ANALYZE charter_audit_entries")
    before_denials = THEN + timedelta(minutes=7)
    cases: list[tuple[dict[str, Any], str]] = [
        ({"outcome": "allowed"}, "allowed"),
        ({"kind": "decision", "outcome": "allowed"}, "allowed"),
        ({"kind": "decision", "until": before_denials}, "allowed"),
        ({"kind": "decision"}, "denied"),
        ({}, "denied"),
    ]
    for filters, outcome in cases:
        with subtests.test(str(filters)), transaction():
            [(before,)] = run(READ)
            page = CursorPage(None, 20)
            found = audit_search.search(world.context(), page, audit_search.Filters(**filters))
            [(after,)] = run(READ)
            assert [entry.outcome for entry in found.items] == [outcome] * 20
            assert after - before < MAX_READ


SAME = "E20AA87D-B648-4FE8-8817-07D5BBD18FC9"


NEW = "019cba9d-7c00-7000-8000-000000000002"


@pytest.mark.parametrize(
    "filters",
    [
        {"target": "role:support"},
        {"target": "role:support", "actor": BUSY},
        {"target": f"session:{NEW}"},
        {"target": f"session:{NEW}", "actor": BUSY},
        {"actor": NEW},
        {"actor": NEW, "kind": "decision"},
    ],
    ids=str,
)
def test_what_has_more_rows_than_the_planner_knows_is_read_a_page_at_a_time(
    world: World, filters: dict[str, Any]
) -> None:
    kind, _, name = filters.get("target", "role:other").partition(":")
    write = WRITE.replace("'role'", f"'{kind}'")
    run(write.replace("'support'", f"'{'other' if kind == 'role' else BUSY}'"), {"busy": BUSY})
    run("ANALYZE charter_audit_entries")
    later = write.replace("2026-03-05Z", "2026-03-06Z").replace("2026-03-05 03", "2026-03-06 03")
    run(later.replace("'support'", f"'{name}'"), {"busy": filters.get("actor", BUSY)})
    with transaction():
        [(before,)] = run(READ)
        page = CursorPage(None, 20)
        found = audit_search.search(world.context(), page, audit_search.Filters(**filters))
        [(after,)] = run(READ)

    assert len(found.items) == 20
    assert after - before < MAX_READ


def test_what_a_project_has_in_capitals_is_found_though_it_looks_like_a_uuid(world: World) -> None:
    written = [SAME, SAME.lower(), SAME, SAME.lower()]
    for number, identifier in enumerate(written):
        made = lowest_id(THEN + timedelta(seconds=number))
        run(
            "INSERT INTO audit_events (id, kind, occurred_at, request_id, action, outcome, target_type, target_id) "
            "VALUES (%s, 'event', %s, 'r', 'paid', 'succeeded', 'bill', %s)",
            (made, THEN, identifier),
        )

    def found(target: str) -> list[str | None]:
        filters, after = audit_search.Filters(target=target), None
        ids: list[str | None] = []
        while True:
            page = audit_search.search(world.context(), CursorPage(after, 1), filters)
            ids += [entry.target_id for entry in page.items]
            after = page.next
            if after is None:
                return ids

    assert found(f"bill:{SAME}") == written[::-1]
    assert found(f"bill:{SAME.lower()}") == [SAME.lower()] * 2
