"""What the models of a project are made of, and the models of accounts that they may refer to.

    from charter.models import Record, User, choice, reference, text, version

    class Project(Record):
        user = reference(User, on_delete="CASCADE")
        name = text(max_length=100)
        status = choice("open", "done", default="open")
        version = version()

        class Meta:
            table_name = "projects"

`Record` has `id` (a UUIDv7 that Charter creates), `created_at` and `updated_at`. `flag` is a `boolean` that is never
null. Peewee's `BooleanField`, `IntegerField`, `DateField`, `DecimalField`, `UUIDField` and `JSONField` (`jsonb`) can be
used as they are.

A project reads `User`, `UserProfile` and `Role`, and refers to them; it does not write them.
"""

from models.fields import choice, flag, moment, reference, text, version
from models.record import Record
from models.role import Role
from models.user import User, UserProfile

__all__ = [
    "Record",
    "Role",
    "User",
    "UserProfile",
    "choice",
    "flag",
    "moment",
    "reference",
    "text",
    "version",
]
