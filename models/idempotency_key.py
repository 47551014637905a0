"""Keys under which callers repeat a write, each with the response to the first one."""

from peewee import BlobField, ForeignKeyField, IntegerField, JSONField, TextField

from models.record import Record, UtcDateTimeField
from models.user import User


class IdempotencyKey(Record):
    """One key of one caller for one operation; the unique index on the three also serves the foreign key.

    The response is absent only inside the transaction that does the work.
    """

    user = ForeignKeyField(User, on_delete="CASCADE", lazy_load=False, index=False)
    operation = TextField()
    key = TextField()
    fingerprint = BlobField()
    status = IntegerField(null=True)
    headers = JSONField(null=True)
    body = BlobField(null=True)
    expires_at = UtcDateTimeField(index=True)

    class Meta:
        table_name = "idempotency_keys"
        indexes = ((("user", "operation", "key"), True),)
