"""What every table has in common: the database it lives in, a UUIDv7 key, and two moments in time."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from peewee import SQL, DatabaseProxy, DateTimeField, Model, UUIDField

from app.identifiers import new_id

database = DatabaseProxy()


if TYPE_CHECKING:
    # The type of a value, with or without None, is that of a DateTimeField: a subclass would lose it.
    UtcDateTimeField = DateTimeField
else:

    class UtcDateTimeField(DateTimeField):
        """A `timestamptz`, read as an aware datetime in UTC whatever the time zone of the server."""

        field_type = "TIMESTAMPTZ"

        def python_value(self, value: datetime | None) -> datetime | None:
            """Return the moment in UTC."""
            return None if value is None else value.astimezone(UTC)


def defaulting_to_now() -> "DateTimeField[datetime]":
    """Return a required moment that the database fills in when a statement leaves it out."""
    return UtcDateTimeField(constraints=[SQL("DEFAULT now()")])


class Record(Model):
    """A row with a key of our own making."""

    id = UUIDField(primary_key=True, default=new_id)
    created_at = defaulting_to_now()
    updated_at = defaulting_to_now()

    class Meta:
        database = database
        legacy_table_names = False
