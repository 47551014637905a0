"""Where audited requests came from, apart from the log so that it can be erased."""

from peewee import TextField

from models.record import Record


class AuditClient(Record):
    """The address and user agent of an actor; the key is an HMAC of the three."""

    updated_at = None  # type: ignore[assignment]  # the table has no such column
    address = TextField()
    user_agent = TextField(null=True)

    class Meta:
        table_name = "audit_clients"
