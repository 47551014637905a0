"""Profiles: what people say of themselves."""

from peewee import ForeignKeyField, TextField

from models.record import Record
from models.user import User


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
