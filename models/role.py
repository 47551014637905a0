"""Roles: names for sets of permissions."""

from peewee import SQL, BooleanField, TextField

from models.record import Record


class Role(Record):
    """A role; one that holds all needs no rows in `role_permissions`."""

    name = TextField(unique=True)
    description = TextField()
    built_in = BooleanField(default=False, constraints=[SQL("DEFAULT false")])
    holds_all = BooleanField(default=False, constraints=[SQL("DEFAULT false")])

    class Meta:
        table_name = "roles"
