"""What every table has in common: the database, a UUIDv7 key, and the times of creation and change."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from peewee import SQL, DatabaseProxy, DateTimeField, Model, UUIDField

from app.identifiers import new_id

database = DatabaseProxy()


if TYPE_CHECKING:
    # For type checkers it is DateTimeField: a subclass would lose the types of values with and without None.
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
    """A row whose key is a UUIDv7 that Charter creates."""

    id = UUIDField(primary_key=True, default=new_id)
    created_at = defaulting_to_now()
    updated_at = defaulting_to_now()

    class Meta:
        database = database
        legacy_table_names = False
