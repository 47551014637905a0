"""The audit log: every decision and every event, written once, never changed (law 4)."""

from peewee import Check, JSONField, TextField, UUIDField

from models.record import MomentField, Record


class AuditEvent(Record):
    """A row of the partitioned log. No foreign keys: what it names may be gone."""

    created_at = None
    updated_at = None
    kind = TextField(constraints=[Check("kind IN ('decision', 'event')")])
    occurred_at = MomentField()
    request_id = TextField()
    actor_id = UUIDField(null=True, index=True)
    actor_role = TextField(null=True)
    action = TextField(index=True)
    permission = TextField(null=True)
    outcome = TextField(constraints=[Check("outcome IN ('allowed', 'denied', 'succeeded', 'failed')")])
    reason = TextField(null=True)
    target_type = TextField(null=True)
    target_id = TextField(null=True)
    details = JSONField(null=True)
    client_id = UUIDField(null=True)

    class Meta:
        table_name = "audit_events"
        indexes = ((("target_type", "target_id"), False),)
