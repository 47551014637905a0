"""The months by which the trail is divided into partitions. A run of the tests may begin in one and end in the next."""

import contextlib
from datetime import UTC, datetime, timedelta

import psycopg2


def this_month() -> str:
    """Return the present month."""
    return f"{datetime.now(UTC):%Y_%m}"


def coming_month() -> str:
    """Return the partition of the month to come. It stays in use if the tests run on into that month."""
    return f"charter_audit_entries_{datetime.now(UTC).replace(day=1) + timedelta(days=31):%Y_%m}"


def make_partitions(url: str) -> None:
    """Make the partitions of now in a database whose template may be of the month before."""
    with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT make_audit_partitions(now())")  # which the role that serves may do, too
        connection.commit()
