"""The tags that writes have made stale, until they have a new version in Redis."""

from peewee import TextField

from models.record import MomentField, Record


class PendingInvalidation(Record):
    """One tag of one write."""

    tag = TextField(index=True)
    dropped_at = MomentField(null=True)

    class Meta:
        table_name = "pending_invalidations"
