"""A tag that a write has to drop from the cache, and has not yet."""

from peewee import TextField

from models.record import MomentField, Record


class PendingInvalidation(Record):
    """One tag of one write."""

    tag = TextField(index=True)
    dropped_at = MomentField(null=True)

    class Meta:
        table_name = "pending_invalidations"
