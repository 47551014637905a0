"""Constraints that a handler violates: what the response says, and when it is a fault of the server."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import peewee
import pytest

from app.database import Database, execute, run, transaction
from app.errors import AppError, ValidationError
from app.identifiers import new_id
from app.pipeline.request_context import Caller, RequestContext
from app.pipeline.violated_constraints import with_second_look
from app.security.client_address import Client
from models import Role, Session, User

NOBODY = UUID(int=7)


def context_of(**values: Any) -> RequestContext:
    client = Client("::1", "::", None)
    return RequestContext("r-1", "post", "/", datetime.now(UTC), client, {}, b"", {}, **values)


def insert_session() -> None:
    """Insert a row that refers to nobody, as a handler does that looks for nothing before."""
    far = datetime(2999, 1, 1, tzinfo=UTC)
    with transaction():
        row = {"user": NOBODY, "generation": 1, "key_id": "k1", "address": "::1", "network": "::"}
        execute(Session.insert({"id": new_id(), "idle_expires_at": far, "expires_at": far, **row}))


@pytest.mark.parametrize(
    ("request_values", "status", "field"),
    [
        ({"arguments": {"user_id": NOBODY}}, 404, None),
        ({"caller": Caller(NOBODY, NOBODY)}, 401, None),
        ({"body": {"name": "x", "owner_id": str(NOBODY)}}, 400, "owner_id"),
    ],
)
def test_a_row_that_is_missing_is_told_as_the_request_names_it(
    database: Database, request_values: dict[str, Any], status: int, field: str | None
) -> None:
    with pytest.raises(AppError) as caught:
        with_second_look(insert_session, context_of(**request_values))
    assert (caught.value.status, caught.value.details[0].field) == (status, field)
    assert isinstance(caught.value, ValidationError) == (status == 400)


def test_what_the_request_does_not_name_is_a_fault_of_the_server(database: Database) -> None:
    with pytest.raises(peewee.IntegrityError):
        with_second_look(insert_session, context_of())


def test_a_row_that_others_refer_to_is_not_missing(database: Database) -> None:
    role_id = run("SELECT id FROM roles WHERE name = 'user'")[0][0]
    run(
        "INSERT INTO users (id, email, password_hash, role_id) VALUES (%s, 'a@b.example', 'x', %s)", (new_id(), role_id)
    )

    def delete() -> None:
        with transaction():
            execute(Role.delete().where(Role.id == role_id))

    with pytest.raises(peewee.IntegrityError):
        with_second_look(delete, context_of(arguments={"role_id": role_id}))


def test_the_second_look_sees_what_the_other_request_did(database: Database) -> None:
    seen = []

    def create() -> None:
        seen.append(run("SELECT count(*) FROM users"))
        with transaction():
            execute(User.insert({"id": NOBODY, "email": "a@b.example", "password_hash": "x", "role": role_id}))

    role_id = run("SELECT id FROM roles WHERE name = 'user'")[0][0]
    create()
    with pytest.raises(peewee.IntegrityError, match="duplicate"):
        with_second_look(create, context_of())
    assert seen == [[(0,)], [(1,)], [(1,)]]
