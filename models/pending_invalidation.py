"""A tag that a write has to drop from the cache, and has not yet."""

from peewee import TextField

from models.record import Record, UtcDateTimeField


class PendingInvalidation(Record):
    """One tag of one write."""

    tag = TextField(index=True)
    dropped_at = UtcDateTimeField(null=True)

    class Meta:
        table_name = "pending_invalidations"
