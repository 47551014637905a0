"""Users: who may sign in, and as what."""

from peewee import SQL, Check, ForeignKeyField, IntegerField, TextField

from models.record import MomentField, Record
from models.role import Role


class User(Record):
    """An account. The address is stored in canonical form (NFKC, lower case).

    The address is compared byte by byte (collation C): one unique index serves equality, prefix search and sorting,
    and the order of a list is the same on every server.
    """

    email = TextField(unique=True, collation='"C"')
    password_hash = TextField()
    role = ForeignKeyField(Role, index=False)
    status = TextField(
        default="active", constraints=[SQL("DEFAULT 'active'"), Check("status IN ('active', 'suspended')")]
    )
    verified_at = MomentField(null=True)
    version = IntegerField(default=1, constraints=[SQL("DEFAULT 1")])

    class Meta:
        table_name = "users"
        indexes = (
            (("created_at", "id"), False),
            (("updated_at", "id"), False),
            (("role", "created_at", "id"), False),
            (("status", "created_at", "id"), False),
        )
