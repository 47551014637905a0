"""gardens: they trust the decision about the owner, and look only for the row."""

import threading
from typing import Any
from uuid import UUID

from charter import Context, Result, check_if_match, errors, execute, fetch_one, transaction
from tests.integration.owned_rows.models import Garden, Note

# With a name of this form a request waits between the decision and its statement.
WAITING = "waits"
DECIDED, GO_ON = threading.Barrier(2), threading.Barrier(2)


def get_garden(garden_id: UUID) -> Result:
    """Read a garden."""
    garden = _find(garden_id)
    return Result({"name": garden.name}, version=garden.version)


def rename_garden(context: Context, garden_id: UUID, body: dict[str, Any]) -> Result:
    """Rename a garden."""
    if body["name"] == WAITING:
        DECIDED.wait(10)
        GO_ON.wait(10)
    with transaction():
        garden = _find(garden_id)
        if body["name"] == "archived":
            raise errors.declared("GARDEN_ARCHIVED", field="name")
        if body["name"] == "cold":
            raise errors.declared("GARDEN_COLD")
        if body["name"] == "taken":
            raise errors.Conflict("Another garden has this name.", code="GARDEN_ARCHIVED")
        check_if_match(context.expected_version, str(garden.version))
        version = garden.version + 1
        execute(Garden.update(name=body["name"], version=version).where(Garden.id == garden_id))
    return Result({"name": body["name"]}, version=version)


def delete_garden(garden_id: UUID) -> None:
    """Delete a garden."""
    with transaction():
        _find(garden_id)
        execute(Garden.delete().where(Garden.id == garden_id))


def get_note(note_id: UUID) -> dict[str, Any]:
    """Read a note."""
    note = fetch_one(Note.select().where(Note.id == note_id))
    if note is None:
        raise errors.NotFound
    return {"name": note.name}


def _find(garden_id: UUID) -> Garden:
    garden = fetch_one(Garden.select().where(Garden.id == garden_id))
    if garden is None:
        raise errors.NotFound
    return garden
