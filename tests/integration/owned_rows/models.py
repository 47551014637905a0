"""The tables of the tests' own: gardens, and teams that share notes."""

from peewee import ForeignKeyField, IntegerField, TextField

from models import User
from models.record import Record

TABLES = """
CREATE TABLE gardens (
    id uuid PRIMARY KEY,
    owner_id uuid REFERENCES users ON DELETE CASCADE,
    name text NOT NULL,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX gardens_owner_id ON gardens (owner_id);
CREATE TABLE teams (
    id uuid PRIMARY KEY, created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE team_members (
    id uuid PRIMARY KEY,
    team_id uuid NOT NULL REFERENCES teams ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, team_id)
);
CREATE TABLE notes (
    id uuid PRIMARY KEY,
    team_id uuid REFERENCES teams ON DELETE CASCADE,
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
"""


class Garden(Record):
    """A garden; one without an owner belongs to nobody."""

    owner = ForeignKeyField(User, null=True, on_delete="CASCADE", lazy_load=False)
    name = TextField()
    version = IntegerField(default=1)

    class Meta:
        table_name = "gardens"


class Team(Record):
    """A team."""

    class Meta:
        table_name = "teams"


class TeamMember(Record):
    """An account in a team."""

    team = ForeignKeyField(Team, on_delete="CASCADE", lazy_load=False)
    user = ForeignKeyField(User, on_delete="CASCADE", lazy_load=False)

    class Meta:
        table_name = "team_members"
        indexes = ((("user_id", "team_id"), True),)


class Note(Record):
    """What a team shares."""

    team = ForeignKeyField(Team, null=True, on_delete="CASCADE", lazy_load=False)
    name = TextField()

    class Meta:
        table_name = "notes"
