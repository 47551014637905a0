"""projects: what an account works on."""

from typing import Any
from uuid import UUID

from models.project import Project
from services import projects

from charter import Context, Listing, Page, Result


def list_projects(page: Page, user_id: UUID) -> Listing:
    """List projects."""
    return projects.list_of(page, user_id).map(_present)


def create_project(context: Context, user_id: UUID, body: dict[str, Any]) -> Result:
    """Create a project."""
    project = projects.create(context, user_id, **body)
    return Result(_present(project), location=f"/v1/users/{user_id}/projects/{project.id}")


def get_project(user_id: UUID, project_id: UUID) -> Result:
    """Read a project."""
    project = projects.find(user_id, project_id)
    return Result(_present(project), version=project.version)


def update_project(context: Context, user_id: UUID, project_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
    """Change a project."""
    return _present(projects.rename(context, user_id, project_id, **body))


def delete_project(user_id: UUID, project_id: UUID) -> None:
    """Delete a project."""
    projects.delete(user_id, project_id)


def _present(project: Project) -> dict[str, Any]:
    # The document shows milliseconds.
    created_at = project.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"id": str(project.id), "name": project.name, "created_at": created_at}
