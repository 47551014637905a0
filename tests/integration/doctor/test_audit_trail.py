"""The doctor reports an audit trail that could be changed, or that has no partition for new rows, with the fix."""

from datetime import UTC, datetime, timedelta

import pytest

from app.database import Database
from app.database.migrator import migrate
from app.identifiers import lowest_id, new_id
from tests.integration.doctor.deployments import Durable, doctor
from tests.months import coming_month, this_month

ROW_TRIGGER = "audit_no_change"
TABLE_TRIGGER = "audit_no_truncate"
ALLOW = "CREATE FUNCTION allow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"


@pytest.mark.parametrize(
    "damage",
    [
        f"DROP TRIGGER {ROW_TRIGGER} ON charter_audit_entries",
        f"DROP TRIGGER {TABLE_TRIGGER} ON %(month)s",
        f"ALTER TABLE %(month)s DISABLE TRIGGER {ROW_TRIGGER}",
        f"ALTER TABLE charter_audit_entries ENABLE TRIGGER {TABLE_TRIGGER}",
        f"{ALLOW}; CREATE OR REPLACE TRIGGER {TABLE_TRIGGER} BEFORE TRUNCATE ON %(month)s EXECUTE FUNCTION allow()",
        f"DROP TRIGGER {ROW_TRIGGER} ON charter_audit_labels",
    ],
    ids=["row trigger dropped", "truncate trigger dropped", "disabled", "not always", "another function", "words"],
)
def test_an_audit_trail_that_could_be_changed_is_told_and_fixed_as_printed(
    url: str, durable: Durable, damage: str
) -> None:
    durable.execute(url, damage % {"month": coming_month()})

    found = doctor(DATABASE_URL=url, REDIS_URL="").of("database.append_only")

    assert found["status"] == "failed"
    durable.execute(url, found["fix"].split("tables: ", 1)[1])
    assert doctor(DATABASE_URL=url, REDIS_URL="").of("database.append_only")["status"] == "ok"


def test_missing_partitions_are_told_and_made_by_the_printed_command(url: str, durable: Durable) -> None:
    month = f"charter_audit_entries_{this_month()}"
    durable.execute(url, f"DROP TABLE {month}")

    found = doctor(DATABASE_URL=url, REDIS_URL="").of("partitions.ahead")

    assert (found["status"], month in found["found"]) == ("failed", True)
    assert found["fix"].startswith("charter db migrate")
    database = Database(url, size=1)
    migrate(database, report=lambda line: None)
    database.reset()
    assert doctor(DATABASE_URL=url, REDIS_URL="").of("partitions.ahead")["status"] == "ok"


def test_rows_of_no_month_and_leftovers_of_maintenance_are_told(url: str, durable: Durable) -> None:
    row = "INSERT INTO audit_events (id, kind, occurred_at, request_id, action, outcome)"
    stray = lowest_id(datetime(1999, 1, 1, tzinfo=UTC))
    old = datetime.now(UTC) - timedelta(days=9)
    durable.execute(
        url,
        f"{row} VALUES ('{stray}', 'event', now(), 'r', 'login', 'failed')",
        f"INSERT INTO sign_in_attempts (id, key, updated_at) VALUES ('{new_id()}', 'x', '{old}')",
    )

    seen = doctor(DATABASE_URL=url, REDIS_URL="")

    assert seen.of("partitions.default")["found"].startswith("1 row in charter_audit_entries_default")
    assert seen.of("partitions.maintenance")["found"].startswith("a counter of 9 days ago")
    assert [seen.of(f"partitions.{name}")["status"] for name in ("default", "maintenance")] == ["warning", "warning"]
