"""Users: who may sign in, and as what."""

from typing import TYPE_CHECKING

from peewee import SQL, Check, ForeignKeyField, IntegerField, TextField

from models.record import MomentField, Record
from models.role import Role

if TYPE_CHECKING:
    from models.user_profile import UserProfile

STATUSES = ("active", "suspended")


class User(Record):
    """An account. The address is stored in canonical form (lower case, the domain as A-label).

    The address is compared byte by byte (collation C): an index on it serves equality, prefix search and sorting, and
    the order of a list is the same on every server. `name_key` is the profile's display name as `app.text.search_key`
    folds it, so that one index can have it beside role and status. Where something else than Charter writes a name, a
    trigger keeps it in small letters until Charter saves the account.
    """

    email = TextField(unique=True, collation='"C"')
    password_hash = TextField()
    role = ForeignKeyField(Role, index=False, lazy_load=False)
    status = TextField(default="active", constraints=[SQL("DEFAULT 'active'"), Check(f"status IN {STATUSES}")])
    verified_at = MomentField(null=True)
    name_key = TextField(null=True)
    version = IntegerField(default=1, constraints=[SQL("DEFAULT 1")])
    profile: "UserProfile"
    """No column: the statement that reads a user loads the profile with it."""

    class Meta:
        table_name = "users"


# Whatever a list is searched and sorted by is in each of these: rows are read for the page alone. text_pattern_ops:
# prefix search whatever the server's collation.
for _first in ("status", "role_id, status"):
    for _name, _columns in (
        ("created_at", "created_at, id) INCLUDE (email, name_key"),
        ("updated_at", "updated_at, id) INCLUDE (email, name_key"),
        ("email", "email) INCLUDE (id, created_at, updated_at"),
        ("name_key", "name_key text_pattern_ops) INCLUDE (id, email, created_at, updated_at"),
    ):
        _index = f"users_{_first.replace(', ', '_')}_{_name}"
        User.add_index(SQL(f"CREATE INDEX {_index} ON users ({_first}, {_columns})"))
