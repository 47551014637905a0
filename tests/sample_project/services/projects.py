"""The projects, in the memory of one process."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from charter import Context, Listing, Page, errors


@dataclass(frozen=True)
class Project:
    """A project of an account."""

    id: UUID
    owner_id: UUID
    name: str
    created_at: datetime
    version: int = 1


_PROJECTS: dict[UUID, Project] = {}


def list_of(page: Page, owner_id: UUID) -> Listing:
    """Return a page of the projects of an account, the newest first."""
    found = [project for project in reversed(_PROJECTS.values()) if project.owner_id == owner_id]
    return Listing(found[page.offset : page.offset + page.limit], len(found), total_is_exact=True)


def create(context: Context, owner_id: UUID, name: str) -> Project:
    """Create a project."""
    project = Project(uuid4(), owner_id, name, context.dependencies.clock())
    _PROJECTS[project.id] = project
    return project


def find(owner_id: UUID, project_id: UUID) -> Project:
    """Return a project of an account.

    Raises:
        NotFound: the account has no such project.
    """
    project = _PROJECTS.get(project_id)
    if project is None or project.owner_id != owner_id:
        raise errors.NotFound
    return project


def rename(owner_id: UUID, project_id: UUID, name: str) -> Project:
    """Give a project another name."""
    project = find(owner_id, project_id)
    _PROJECTS[project_id] = replace(project, name=name, version=project.version + 1)
    return _PROJECTS[project_id]


def delete(owner_id: UUID, project_id: UUID) -> None:
    """Delete a project."""
    del _PROJECTS[find(owner_id, project_id).id]
