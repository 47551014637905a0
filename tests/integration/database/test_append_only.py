"""Audit rows cannot be changed or removed (law 4), and there is always a partition for them."""

from datetime import UTC, datetime
from uuid import UUID

import peewee
import pytest

from app.database import Database, run
from app.identifiers import lowest_id, new_id

INSERT = """
INSERT INTO audit_events (id, kind, occurred_at, request_id, action, outcome)
VALUES (%s, 'event', now(), 'r1', 'login', 'succeeded')
"""
PARTITIONS = """
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'charter_audit_entries'::regclass ORDER BY c.relname
"""


def month_of(event: UUID) -> str:
    """Return the partition of an id, which begins with its milliseconds."""
    return partition_of(datetime.fromtimestamp((event.int >> 80) / 1000, UTC))


def partition_of(moment: datetime) -> str:
    return f"charter_audit_entries_{moment:%Y_%m}"


@pytest.mark.parametrize("partition", ["charter_audit_entries", "a month's", "charter_audit_entries_default"])
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE {} SET counted = 1",
        "DELETE FROM {}",
        "TRUNCATE {}",
        """
        INSERT INTO {} (id, occurred_at, tick, label_id)
        SELECT id, occurred_at, tick, label_id FROM charter_audit_entries LIMIT 1
        ON CONFLICT (id) DO UPDATE SET counted = 1
        """,
        "WITH gone AS (DELETE FROM {} RETURNING id) SELECT id FROM gone",
        "SET session_replication_role = replica; DELETE FROM {}",
    ],
)
def test_audit_rows_are_never_changed_or_removed(database: Database, change: str, partition: str) -> None:
    old = lowest_id(datetime(2001, 1, 1, tzinfo=UTC))
    event = new_id()
    run(INSERT, (event if partition != "charter_audit_entries_default" else old,))
    before = run("SELECT * FROM audit_events")
    with pytest.raises(peewee.DatabaseError, match="append-only"):
        run(change.format(month_of(event) if partition == "a month's" else partition))
    database.reset()
    assert run("SELECT * FROM audit_events") == before


def test_writing_a_row_twice_is_harmless(database: Database) -> None:
    event = new_id()
    run(INSERT + "ON CONFLICT DO NOTHING", (event,))
    run(INSERT + "ON CONFLICT DO NOTHING", (event,))
    assert run("SELECT count(*) FROM audit_events") == [(1,)]


def test_partitions_exist_three_months_ahead(database: Database) -> None:
    made = [name for (name,) in run(PARTITIONS) if name >= partition_of(datetime.now(UTC))]
    months = [partition_of(months_after(datetime.now(UTC), n)) for n in range(4)]
    assert made == [*months, "charter_audit_entries_default"]


def months_after(day: datetime, months: int) -> datetime:
    month = day.month - 1 + months
    return datetime(day.year + month // 12, month % 12 + 1, 1, tzinfo=UTC)


def test_a_row_goes_to_the_partition_of_its_month(database: Database) -> None:
    event = new_id()
    run(INSERT, (event,))
    assert run(f"SELECT count(*) FROM ONLY {month_of(event)}") == [(1,)]


def test_the_first_millisecond_of_a_month_belongs_to_it(database: Database) -> None:
    first = months_after(datetime.now(UTC), 0)
    assert run("SELECT lowest_id(%s)", (first,)) == [(lowest_id(first),)]
    run(INSERT, (lowest_id(first),))
    assert run(f"SELECT count(*) FROM ONLY {partition_of(first)}") == [(1,)]


@pytest.mark.parametrize("year", [1999, 2090])
def test_a_row_of_another_time_is_caught_by_the_default_partition(database: Database, year: int) -> None:
    run(INSERT, (lowest_id(datetime(year, 1, 1, tzinfo=UTC)),))
    assert run("SELECT count(*) FROM ONLY charter_audit_entries_default") == [(1,)]


def test_making_partitions_again_changes_nothing(database: Database) -> None:
    before = run(PARTITIONS)
    assert run("SELECT ensure_audit_partitions(%s)", (datetime.now(UTC),)) == [(0,)]
    assert run(PARTITIONS) == before


def test_a_month_later_one_more_is_made_with_indexes_and_refusals(database: Database) -> None:
    year = datetime.now(UTC).year + 1
    later = datetime(year, 1, 31, 23, 59, tzinfo=UTC)
    assert run("SELECT ensure_audit_partitions(%s)", (datetime(year, 6, 1, tzinfo=UTC),)) == [(4,)]
    run("SELECT ensure_audit_partitions(%s)", (later,))
    partition = f"charter_audit_entries_{year}_06"
    run(INSERT, (lowest_id(datetime(year, 6, 2, tzinfo=UTC)),))
    assert run("SELECT count(*) FROM pg_index WHERE indrelid = %s::regclass", (partition,)) == [(8,)]
    for change in ("UPDATE {} SET counted = 1", "DELETE FROM {}", "TRUNCATE {}"):
        with pytest.raises(peewee.DatabaseError, match="append-only"):
            run(change.format(partition))


def test_a_month_whose_rows_lie_in_the_default_partition_is_left_there(database: Database) -> None:
    missed = datetime(datetime.now(UTC).year + 2, 6, 15, tzinfo=UTC)
    run(INSERT, (lowest_id(missed),))
    assert run("SELECT ensure_audit_partitions(%s)", (missed,)) == [(3,)]
    run(INSERT, (lowest_id(missed.replace(day=16)),))
    assert run("SELECT count(*) FROM ONLY charter_audit_entries_default") == [(2,)]
