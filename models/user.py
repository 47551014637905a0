"""Users: accounts that may sign in, each with a role; and their profiles: what people say about themselves."""

from peewee import SQL, Check, ForeignKeyField, IntegerField, TextField

from models.record import Record, UtcDateTimeField
from models.role import Role

STATUSES = ("active", "suspended")


class User(Record):
    """An account. The address is stored in canonical form (lower case, the domain as A-label).

    The address is compared byte by byte (collation C): an index on it serves equality, prefix search and sorting, and
    the order of a list is the same on every server. `name_key` is the profile's display name in the form that
    `app.text.search_key` gives it, so that one index can hold it beside role and status. If another program than
    Charter writes a name, a trigger keeps it in small letters until Charter saves the account.
    """

    email = TextField(unique=True, collation='"C"')
    password_hash = TextField()
    role = ForeignKeyField(Role, index=False, lazy_load=False)
    status = TextField(default="active", constraints=[SQL("DEFAULT 'active'"), Check(f"status IN {STATUSES}")])
    verified_at = UtcDateTimeField(null=True)
    name_key = TextField(null=True)
    version = IntegerField(default=1, constraints=[SQL("DEFAULT 1")])
    profile: "UserProfile"
    """No column: the statement that reads a user loads the profile with it."""

    class Meta:
        table_name = "users"


class UserProfile(Record):
    """The profile of a user; every user has exactly one, made together with the user."""

    user = ForeignKeyField(User, on_delete="CASCADE", lazy_load=False, unique=True)
    display_name = TextField(null=True)
    locale = TextField(null=True)
    time_zone = TextField(null=True)
    avatar_url = TextField(null=True)
    bio = TextField(null=True)

    class Meta:
        table_name = "user_profiles"


PROFILE_FIELDS = (
    UserProfile.display_name,
    UserProfile.locale,
    UserProfile.time_zone,
    UserProfile.avatar_url,
    UserProfile.bio,
)
"""What people say about themselves; the other columns are ours."""

# Each of these indexes has every column that a list is searched and sorted by, so that only the rows of the page are
# read. text_pattern_ops: prefix search works with any collation of the server.
for _first in ("status", "role_id, status"):
    for _name, _columns in (
        ("created_at", "created_at, id) INCLUDE (email, name_key"),
        ("updated_at", "updated_at, id) INCLUDE (email, name_key"),
        ("email", "email) INCLUDE (id, created_at, updated_at"),
        ("name_key", "name_key text_pattern_ops) INCLUDE (id, email, created_at, updated_at"),
    ):
        _index = f"users_{_first.replace(', ', '_')}_{_name}"
        User.add_index(SQL(f"CREATE INDEX {_index} ON users ({_first}, {_columns})"))
