"""Sessions: one row for each sign-in, with the generation of its refresh token."""

from datetime import datetime

from peewee import SQL, ForeignKeyField, IntegerField, TextField

from models.record import Record, UtcDateTimeField
from models.user import User


class Session(Record):
    """A session; `created_at` is the sign-in, `key_id` names the key that made the current refresh token.

    `ends_by` is the midnight in UTC after the moment when it ends by itself; null: a former release opened the session.
    """

    user = ForeignKeyField(User, on_delete="CASCADE", lazy_load=False)
    generation = IntegerField()
    key_id = TextField()
    rotated_at = UtcDateTimeField(null=True)
    idle_expires_at = UtcDateTimeField()
    expires_at = UtcDateTimeField()
    ends_by = UtcDateTimeField(null=True)
    ended_at = UtcDateTimeField(null=True)
    end_reason = TextField(null=True)
    unanswered_generation = IntegerField(null=True)
    user_agent = TextField(null=True)
    address = TextField()
    network = TextField()

    @property
    def ends_at(self) -> datetime:
        """When it ends by itself, idle or not."""
        return min(self.idle_expires_at, self.expires_at)

    class Meta:
        table_name = "sessions"
        indexes = ((("created_at",), False), (("ends_by",), False))


# With `created_at` and `ends_by`, the activity statistics find the sessions that were over in some hours.
Session.add_index(SQL("CREATE INDEX sessions_ended_at ON sessions (ended_at) WHERE ended_at IS NOT NULL"))
