"""projects: handlers that do nothing, or raise what a test says."""

from typing import Any
from uuid import UUID

from charter import Context, Listing, Page, Result, run, transaction
from charter.errors import NotFound

RAISED: list[BaseException] = []
"""What the next piece of code raises, by whichever is called first."""


def leave() -> None:
    """Raise what the test says, once."""
    if RAISED:
        raise RAISED.pop()


def list_projects(page: Page, user_id: UUID) -> Listing:
    """List nothing."""
    leave()
    return Listing([], 0, total_is_exact=True)


def create_project(context: Context, user_id: UUID, body: dict[str, Any]) -> Result:
    """Write a row, and never return."""
    with transaction():
        run("INSERT INTO projects (id, user_id, name, status) VALUES (%s, %s, 'x', 'open')", (user_id, user_id))
        leave()
    raise AssertionError("a test says what is raised")


def get_project(user_id: UUID, project_id: UUID) -> Result:
    """Find nothing."""
    raise NotFound


def update_project(context: Context, user_id: UUID, project_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
    """Find nothing."""
    raise NotFound


def delete_project(user_id: UUID, project_id: UUID) -> None:
    """Find nothing."""
    raise NotFound
