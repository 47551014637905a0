"""The rows of the audit trail: every decision and every event, written once, never changed (law 4)."""

from peewee import SQL, IntegerField, JSONField, SmallIntegerField, TextField, UUIDField

from models.record import Record, UtcDateTimeField

COMMAND_ROLE_ID = 0
"""The number of the role `cli` in `charter_audit_roles`: the actor of rows that the command wrote."""


class AuditEntry(Record):
    """A row of the partitioned table. No foreign keys: what it names may be gone.

    The columns are ordered so that none needs padding. A request or a target whose id is no UUID has a name instead.
    `tick` is the time of the id in units of 4096 ms (app/database/functions/charter_audit_tick.sql). `counted` is as
    what the activity statistics count the row (app/database/functions/charter_counted_as.sql).
    """

    created_at = None  # type: ignore[assignment]  # the table has no such column
    updated_at = None  # type: ignore[assignment]  # the table has no such column
    actor_id = UUIDField(null=True)
    request_id = UUIDField(null=True)
    client_id = UUIDField(null=True)
    target_id = UUIDField(null=True)
    occurred_at = UtcDateTimeField()
    tick = IntegerField()
    label_id = IntegerField()
    role_id = IntegerField(null=True)
    counted = SmallIntegerField(null=True)
    request_name = TextField(null=True)
    target_name = TextField(null=True)
    details = JSONField(null=True)

    class Meta:
        table_name = "charter_audit_entries"


# An index that ends in the tick has the rows of a label in the order of their ids, but for those of the same four
# seconds, and PostgreSQL stores equal keys once. A hash stands for an id because it has 4 bytes and not 16; rows of
# another id with the same hash are left out when they are read. Most rows are in the first two indexes only.
for _name, _columns, _rows in (
    ("label", "label_id, tick", ""),
    ("actor", "uuid_hash(actor_id), label_id, tick", "WHERE actor_id IS NOT NULL"),
    ("target", "uuid_hash(target_id), label_id, tick", "WHERE target_id IS NOT NULL"),
    ("target_name", "target_name, label_id, tick", "WHERE target_name IS NOT NULL"),
    ("target_name_actor", "target_name, uuid_hash(actor_id), label_id, tick", "WHERE target_name IS NOT NULL"),
    ("command", "label_id, tick", f"WHERE actor_id IS NULL AND role_id = {COMMAND_ROLE_ID}"),
    # What the statistics count.
    ("counted", "counted, occurred_at", "WHERE counted IS NOT NULL"),
):
    AuditEntry.add_index(
        SQL(f"CREATE INDEX charter_audit_entries_{_name} ON charter_audit_entries ({_columns}) {_rows}")
    )
