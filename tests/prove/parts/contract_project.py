"""`charter contract` from the wheel proves the sample project and a new one, whose resources it has never seen."""

import shutil
from pathlib import Path
from typing import Any

from app.contract_kit.checks.catalogue import NAMES
from tests.prove.contract_run import charter, contract, read_report, served, wheel_in
from tests.prove.proof import ROOT

_EXAMPLES = "3"
_MAKING = (
    ("", "new kiosk"),
    ("kiosk", "add resource papers --owned --cached --idempotent --fields name:text,summary:text?,finished:bool"),
    ("kiosk", "add resource shelves --singular shelf --fields name:text(40),kind:enum(high|low),keeper:ref:users?"),
)
# Generated requests take long, and find what the sample project shows, too.
_ONLY = " ".join(f"--only {name}" for name in NAMES if name != "fuzz")
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
    """Serve the projects and run the kit to its end, both from the wheel."""
    wheel = wheel_in(place)
    _new_project(place, wheel)
    _sample_project(place, wheel)


def _new_project(place: Path, wheel: Path) -> None:
    """Make a project with resources that `charter add` writes, and prove it on a server that the kit starts."""
    report = place / "new"
    for folder, words in (*_MAKING, ("kiosk", f"contract --start --report {report} {_ONLY}")):
        print(f"charter {words}", flush=True)
        charter(wheel, *words.split(), cwd=place / folder).check_returncode()
    _expect_own(read_report(report), ("_paper", "_papers", "_shelf", "_shelves"), 10)


def _expect_own(made: dict[str, Any], ends: tuple[str, ...], count: int) -> None:
    own = [one for one in made["operations"] if one["name"].endswith(ends)]
    assert [one["verdict"] for one in own] == ["passed"] * count, own


def _sample_project(place: Path, wheel: Path) -> None:
    shop = place / "shop"
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
    _expect_own(made, ("_project", "_projects", "_task"), 8)
