"""The permissions that a role holds."""

from peewee import ForeignKeyField, TextField

from models.record import Record
from models.role import Role


class RolePermission(Record):
    """One permission of one role; the unique index on the pair also serves the foreign key."""

    updated_at = None  # type: ignore[assignment]  # the table has no such column
    role = ForeignKeyField(Role, on_delete="CASCADE", lazy_load=False, index=False)
    permission = TextField()

    class Meta:
        table_name = "role_permissions"
        indexes = ((("role", "permission"), True),)
