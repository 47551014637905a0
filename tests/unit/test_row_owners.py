"""x-owner with a resource: what the models do not have is told at start, and only their own names get into SQL."""

import re

import pytest
from peewee import CompositeKey, ForeignKeyField, IntegerField, TextField

from app.pipeline.row_owners import OwnerFault, owner_faults, owner_sql
from app.spec.owned_rows import OwnedRow
from models import User
from models.record import Record
from tests.unit.made import make_policy


class Crate(Record):
    owner = ForeignKeyField(User, on_delete="CASCADE")
    keeper = ForeignKeyField(User)
    label = TextField()
    odd = ForeignKeyField(User, column_name='odd"; --', on_delete="CASCADE", backref="+")

    class Meta:
        table_name = "crates"


class CrateHelper(Record):
    crate = ForeignKeyField(Crate, on_delete="CASCADE")
    user = ForeignKeyField(User, on_delete="CASCADE")

    class Meta:
        table_name = "crate_helpers"
        primary_key = CompositeKey("crate", "user")


class CrateStay(Record):
    crate = ForeignKeyField(Crate, on_delete="CASCADE")
    user = ForeignKeyField(User, on_delete="CASCADE")

    class Meta:
        table_name = "crate_stays"


class Pebble(Record):
    id = IntegerField(primary_key=True)  # type: ignore[assignment]
    owner = ForeignKeyField(User, on_delete="SET NULL", null=True)

    class Meta:
        table_name = "pebbles"


class Twin(Record):
    owner = ForeignKeyField(User, on_delete="CASCADE")


def _another_twin() -> type[Record]:
    return type("Twin", (Record,), {"__module__": "elsewhere"})


KEPT = _another_twin()


def test_the_statement_has_the_names_of_the_model_in_quotes() -> None:
    sql = owner_sql(OwnedRow("crate", "owner_id", None), "%s", "%s")
    nobody = "'00000000-0000-0000-0000-000000000000'::uuid"
    assert sql == f'COALESCE((SELECT "owner_id" FROM "crates" WHERE "id" = %s), {nobody})'
    through = owner_sql(OwnedRow("crate", "id", "crate_helper"), "%s", "%s")
    assert through == (
        'COALESCE((SELECT m."user_id" FROM "crates" r JOIN "crate_helpers" m ON m."crate_id" = r."id"'
        f' WHERE r."id" = %s AND m."user_id" = %s), {nobody})'
    )


FAULTS = [
    (("gizmo", "owner_id", None), "there is no model Gizmo. Write it in models/gizmo.py"),
    (("twin", "owner_id", None), "there are several models Twin, in elsewhere and "),
    (("crate", "user_id", None), "the table crates has no column user_id. Name one of its columns; foreign keys are "),
    (("crate", "label", None), "Crate.label is not a foreign key to User. Name such a column, or make it: label ="),
    (("crate", "keeper_id", None), 'Crate.keeper keeps its account from being deleted. Add on_delete="CASCADE"'),
    (("crate", 'odd"; --', None), 'odd"; -- is not a plain name of a table or column.'),
    (("pebble", "owner_id", None), "the key of the model Pebble is not a UUID."),
    (("crate", "label", "crate_helper"), "Crate.label is neither the id nor a foreign key."),
    (("crate", "id", "gizmo"), "there is no model Gizmo."),
    (("crate", "id", "twin"), "there are several models Twin"),
    (("crate", "id", "pebble"), "the model of pebble has 0 foreign keys to Crate, not one."),
    (("crate", "id", "crate_stay"), "the model of crate_stay can have the same member twice. Make crate and user"),
]


@pytest.mark.parametrize(("row", "message"), FAULTS)
def test_what_the_models_do_not_have(row: tuple[str, str, str | None], message: str) -> None:
    with pytest.raises(OwnerFault, match=f"^{re.escape(message)}"):
        owner_sql(OwnedRow(*row), "%s", "%s")


def test_the_fault_names_the_operation_and_its_line() -> None:
    policies = {
        "list_things": make_policy(),
        "get_gizmo": make_policy(operation_id="get_gizmo", owned_row=OwnedRow("gizmo", "owner_id", None)),
    }
    [fault] = owner_faults(policies)
    assert str(fault).startswith("openapi/paths/things.yaml:7: x-owner of get_gizmo: there is no model Gizmo. Write")
