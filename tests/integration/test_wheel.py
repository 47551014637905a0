"""The installed wheel beside a project that has packages of its own with the names of Charter's folders."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.command import ROOT, Server, clean_environment, figures, two_workers
from tests.wheel import installed_wheel

PACKAGES = ("app", "handlers", "migrations", "models", "openapi", "services")
# It imports all of Charter, and says what that brought from elsewhere than the wheel; then what the project has.
IMPORTS = """
import importlib, pkgutil, sys
import charter

for module in pkgutil.walk_packages(charter.__path__, "charter."):
    # The generator of packages needs a tool of development.
    if not module.name.endswith("__main__") and ".app.sdk" not in module.name:
        importlib.import_module(module.name)
wheel, ours = sys.argv[1], tuple(sys.argv[2:])
files = [getattr(module, "__file__", None) or "" for name, module in sys.modules.items() if name.startswith("charter")]
print(len(files) > 300, [file for file in files if not file.startswith(wheel)])
print([name for name in sys.modules if name.partition(".")[0] in ours])
print([importlib.import_module(name).OWNER for name in ours])
print(charter.Page, charter.errors.NotFound)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in PACKAGES:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f'OWNER = "team {name}"\n', encoding="utf-8")
    return tmp_path


def _path(project: Path) -> str:
    return os.pathsep.join([str(project), str(installed_wheel())])


def test_charter_imports_nothing_of_a_project_and_hides_nothing_from_it(project):
    command = [sys.executable, "-c", IMPORTS, str(installed_wheel()), *PACKAGES]
    environment = clean_environment(PYTHONPATH=_path(project))
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "True []",
        "[]",
        str([f"team {name}" for name in PACKAGES]),
        "<class 'charter.Page'> <class 'charter.errors.NotFound'>",
    ]


def test_workers_of_the_wheel_serve_in_the_folder_of_a_project(servers, database_url, project):
    variables = two_workers(database_url, servers.empty_redis(), PYTHONPATH=_path(project))
    server = Server("serve", module="charter", root=project, **variables)
    address = server.address()
    served = httpx.get(f"{address}/openapi.json").json()["paths"]
    assert "/v1/users/me" in served
    assert httpx.get(f"{address}/v1/users/me").status_code == 401
    assert 'operation="get_me"' in figures(address)
    assert str(ROOT / "app") not in server.printed
    assert server.end(signal.SIGTERM) == 0
