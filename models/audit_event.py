"""The audit log: every decision and every event, written once, never changed (law 4)."""

from peewee import SQL, Check, JSONField, TextField, UUIDField

from models.record import Record, UtcDateTimeField


class AuditEvent(Record):
    """A row of the partitioned log. No foreign keys: what it names may be gone."""

    created_at = None  # type: ignore[assignment]  # the table has no such column
    updated_at = None  # type: ignore[assignment]  # the table has no such column
    kind = TextField(constraints=[Check("kind IN ('decision', 'event')")])
    occurred_at = UtcDateTimeField()
    request_id = TextField()
    actor_id = UUIDField(null=True)
    actor_role = TextField(null=True)
    action = TextField()
    permission = TextField(null=True)
    outcome = TextField(constraints=[Check("outcome IN ('allowed', 'denied', 'succeeded', 'failed')")])
    reason = TextField(null=True)
    target_type = TextField(null=True)
    target_id = TextField(null=True)
    details = JSONField(null=True)
    client_id = UUIDField(null=True)

    class Meta:
        table_name = "audit_events"
        indexes = (
            (("actor_id", "id"), False),
            (("action", "outcome", "id"), False),
            (("actor_id", "action", "outcome", "id"), False),
        )


_REGISTERED = "action = 'user.registered' AND outcome = 'succeeded' AND details ? 'user_id'"

# Partial indexes for rows that are rare among many. An allowed decision without a target is in none of them, so these
# indexes make it no slower to write.
_RARE = "WHERE outcome IN ('denied', 'failed')"
for _name, _columns, _rows in (
    ("target_id_action", "target_type, target_id, id, action, actor_id", "WHERE target_id IS NOT NULL"),
    ("outcome_id", "outcome, id", _RARE),
    ("actor_id_outcome_id", "actor_id, outcome, id", _RARE),
    ("event_id", "id", "WHERE kind = 'event'"),
    ("actor_id_kind_id", "actor_id, kind, id", "WHERE kind = 'event'"),
    ("actor_role_id", "actor_role, id", "WHERE actor_id IS NULL AND actor_role = 'cli'"),
    # What the statistics count.
    ("registered", "occurred_at", f"WHERE {_REGISTERED}"),
    ("sign_in", "outcome, occurred_at", "WHERE action = 'session.created'"),
):
    AuditEvent.add_index(SQL(f"CREATE INDEX audit_events_{_name} ON audit_events ({_columns}) {_rows}"))
