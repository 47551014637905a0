"""`charter contract` from the wheel proves the sample project and a new one, whose resources it has never seen."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from app.contract_kit.checks.catalogue import NAMES
from tests.command import Server, clean_environment
from tests.limits import WIDE_LIMITS
from tests.prove.proof import ROOT
from tests.servers import Servers, place_for_servers
from tests.service import REFRESH_KEYS, SECRET
from tests.wheel import installed_wheel

ADMIN, PASSWORD = "admin@example.com", "marmalade lantern 7 quarry"
_LIMITS = {**WIDE_LIMITS, "LIMIT_READ": "1000/60", "LIMIT_WRITE": "1000/60", "LIMIT_CLIENT_FAILURES": "100000"}
_EXAMPLES = "3"
_MAKING = (
    ("", "new kiosk"),
    ("kiosk", "add resource papers --owned --cached --idempotent --fields name:text,text:text?,read:bool"),
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
    wheel = str(place / "wheel")
    # A copy: the tests replace theirs when a file changes.
    shutil.copytree(installed_wheel(), wheel)
    _new_project(place, wheel)
    _sample_project(place, wheel)


def _new_project(place: Path, wheel: str) -> None:
    """Make a project with resources that `charter add` writes, and prove it on a server that the kit starts."""
    charter = [sys.executable, "-P", "-m", "charter"]
    report = place / "new"
    for folder, command in (*_MAKING, ("kiosk", f"contract --start --report {report} {_ONLY}")):
        print(f"charter {command}", flush=True)
        words = [*charter, *command.split()]
        subprocess.run(words, cwd=place / folder, env=clean_environment(PYTHONPATH=wheel), check=True)
    _expect_own(report, ("_paper", "_papers", "_shelf", "_shelves"), 10)


def _expect_own(report: Path, ends: tuple[str, ...], count: int) -> None:
    made = json.loads((report / "report.json").read_text(encoding="utf-8"))
    own = [one for one in made["operations"] if one["name"].endswith(ends)]
    assert [one["verdict"] for one in own] == ["passed"] * count, own


def _sample_project(place: Path, wheel: str) -> None:
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
    with place_for_servers() as folder:
        servers = Servers(folder)
        try:
            servers.start()
            servers.make_template()
            variables = {
                "CHARTER_ENV": "test",
                "CHARTER_ADMIN_EMAIL": ADMIN,
                "CHARTER_ADMIN_PASSWORD": PASSWORD,
                "DATABASE_URL": servers.clone(),
                "REDIS_URL": servers.empty_redis(),
                "JWT_SECRET": SECRET,
                "REFRESH_KEYS": REFRESH_KEYS,
                "BCRYPT_COST": "4",
                "PYTHONPATH": wheel,
                **_LIMITS,
            }
            subprocess.run(
                [sys.executable, "-m", "charter", "db", "migrate"],
                cwd=shop,
                env=clean_environment(**variables),
                check=True,
            )
            server = Server("serve", root=shop, module="charter", **variables)
            try:
                _contract(place, server.address(), wheel)
            finally:
                server.process.terminate()
                server.process.wait(60)
                (place / "server.log").write_text(server.printed, encoding="utf-8")
        finally:
            servers.stop()


def _contract(place: Path, url: str, wheel: str) -> None:
    report = place / "report"
    words = [sys.executable, "-P", "-m", "charter", "contract", "--base-url", url, "--admin-email", ADMIN]
    words += ["--examples", os.environ.get("EXAMPLES", _EXAMPLES), "--report", str(report)]
    words += [word for name in os.environ.get("CHECKS", "").split(",") if name for word in ("--only", name)]
    done = subprocess.run(
        words, cwd=place, env=clean_environment(CONTRACT_ADMIN_PASSWORD=PASSWORD, PYTHONPATH=wheel), check=False
    )
    assert done.returncode == 0, f"charter contract ended with {done.returncode}"
    _expect_own(report, ("_project", "_projects", "_task"), 8)
