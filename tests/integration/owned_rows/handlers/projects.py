"""projects: they trust the decision about the owner, and look only for the row."""

import threading
from typing import Any
from uuid import UUID

from charter import Context, Result, check_if_match, errors, execute, fetch_one, transaction
from tests.integration.owned_rows.models import Note, Project

# With a name of this form a request waits between the decision and its statement.
WAITING = "waits"
DECIDED, GO_ON = threading.Barrier(2), threading.Barrier(2)


def get_project(project_id: UUID) -> Result:
    """Read a project."""
    project = _find(project_id)
    return Result({"name": project.name}, version=project.version)


def rename_project(context: Context, project_id: UUID, body: dict[str, Any]) -> Result:
    """Rename a project."""
    if body["name"] == WAITING:
        DECIDED.wait(10)
        GO_ON.wait(10)
    with transaction():
        project = _find(project_id)
        if body["name"] == "archived":
            raise errors.declared("PROJECT_ARCHIVED", field="name")
        if body["name"] == "cold":
            raise errors.declared("PROJECT_COLD")
        if body["name"] == "taken":
            raise errors.Conflict("Another project has this name.", code="PROJECT_ARCHIVED")
        check_if_match(context.expected_version, str(project.version))
        version = project.version + 1
        execute(Project.update(name=body["name"], version=version).where(Project.id == project_id))
    return Result({"name": body["name"]}, version=version)


def delete_project(project_id: UUID) -> None:
    """Delete a project."""
    with transaction():
        _find(project_id)
        execute(Project.delete().where(Project.id == project_id))


def get_note(note_id: UUID) -> dict[str, Any]:
    """Read a note."""
    note = fetch_one(Note.select().where(Note.id == note_id))
    if note is None:
        raise errors.NotFound
    return {"name": note.name}


def _find(project_id: UUID) -> Project:
    project = fetch_one(Project.select().where(Project.id == project_id))
    if project is None:
        raise errors.NotFound
    return project
