"""`charter contract` from the wheel proves the sample project, whose resources it has never seen, all of them."""

import shutil
from pathlib import Path

from tests.prove.contract_run import contract, served, wheel_in
from tests.prove.proof import ROOT

_EXAMPLES = "3"
_TASKS = """  /v1/tasks: {$ref: paths/tasks.yaml}
  /v1/tasks/{task_id}: {$ref: paths/task.yaml}
"""
_TAG = "  - {name: tasks, description: What somebody has to do.}\n"
_PERMISSIONS = """
tasks:create: {description: Create a task., roles: []}
tasks:read: {description: Read the tasks of others., roles: []}
tasks:delete: {description: Delete the tasks of others., roles: []}
"""
_EVENTS = """
task.created: {description: A task was created.}
task.deleted: {description: A task was deleted.}
"""


def prove(place: Path) -> None:
    """Serve the project and run the kit to its end, both from the wheel."""
    wheel, shop = wheel_in(place), place / "shop"
    shutil.copytree(ROOT / "tests" / "sample_project", shop, ignore=shutil.ignore_patterns("__pycache__"))
    # A resource whose owner is in a column of its table.
    shutil.copytree(ROOT / "tests" / "prove" / "tasks", shop, dirs_exist_ok=True)
    for name, more in (("openapi.yaml", _TASKS), ("permissions.yaml", _PERMISSIONS), ("events.yaml", _EVENTS)):
        with (shop / "openapi" / name).open("a", encoding="utf-8") as file:
            file.write(more)
    contents = shop / "openapi" / "openapi.yaml"
    contents.write_text(
        contents.read_text(encoding="utf-8").replace("\npaths:\n", f"{_TAG}\npaths:\n"), encoding="utf-8"
    )
    with served(shop, wheel, place / "server.log") as url:
        made = contract(url, wheel, place / "report", examples=_EXAMPLES)
    own = [one for one in made["operations"] if one["name"].endswith(("_project", "_projects", "_task"))]
    assert [one["verdict"] for one in own] == ["passed"] * 8, own
