"""Users: who may sign in, and as what."""

from peewee import SQL, Check, ForeignKeyField, IntegerField, TextField

from models.record import MomentField, Record
from models.role import Role

STATUSES = ("active", "suspended")


class User(Record):
    """An account. The address is stored in canonical form (NFKC, lower case).

    The address is compared byte by byte (collation C): an index on it serves equality, prefix search and sorting, and
    the order of a list is the same on every server. `name_key` is the profile's display name in small letters, kept by
    a trigger, so that one index can have it beside role and status.
    """

    email = TextField(unique=True, collation='"C"')
    password_hash = TextField()
    role = ForeignKeyField(Role, index=False)
    status = TextField(default="active", constraints=[SQL("DEFAULT 'active'"), Check(f"status IN {STATUSES}")])
    verified_at = MomentField(null=True)
    name_key = TextField(null=True)
    version = IntegerField(default=1, constraints=[SQL("DEFAULT 1")])

    class Meta:
        table_name = "users"
        indexes = (
            (("status", "created_at", "id"), False),
            (("status", "updated_at", "id"), False),
            (("role", "status", "created_at", "id"), False),
            (("role", "status", "updated_at", "id"), False),
        )


# A list that is searched is read from these alone. text_pattern_ops: prefix search whatever the server's collation.
for _name, _columns in (
    ("email", "email) INCLUDE (id, "),
    ("name_key", "name_key text_pattern_ops) INCLUDE (id, email, "),
):
    for _first in ("", "role_id, "):
        User.add_index(
            SQL(
                f"CREATE INDEX users_{_first.replace(', ', '_')}status_{_name}"
                f" ON users ({_first}status, {_columns}created_at, updated_at)"
            )
        )
