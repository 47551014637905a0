"""tasks: each belongs to the account that created it."""

from typing import Any
from uuid import UUID

from handlers.projects import _present
from models.task import Task

from charter import Context, Result, errors, execute, fetch_one, transaction


def create_task(context: Context, body: dict[str, Any]) -> Result:
    """Create a task."""
    now = context.dependencies.clock()
    task = Task(user=context.principal.user_id, name=body["name"], created_at=now, updated_at=now)
    with transaction():
        execute(Task.insert(task.__data__))
    return Result(_present(task), location=f"/v1/tasks/{task.id}")


def get_task(task_id: UUID) -> dict[str, Any]:
    """Read a task."""
    return _present(_find(task_id))


def delete_task(task_id: UUID) -> None:
    """Delete a task."""
    _find(task_id)
    with transaction():
        execute(Task.delete().where(Task.id == task_id))


def _find(task_id: UUID) -> Task:
    task = fetch_one(Task.select().where(Task.id == task_id))
    if task is None:
        raise errors.NotFound
    return task
