"""A YAML language server tells mistakes in the x- keys by the settings of `charter spec editor` alone.

It reads a checkout, and a project that uses the wheel; no file names a schema itself.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.command import ROOT, clean_environment
from tests.prove import pins
from tests.prove.language_server import check_completions, check_project
from tests.prove.tools import fetch_node
from tests.wheel import installed_wheel

_FOLDERS = ("app", "charter", "handlers", "models", "openapi", "migrations")
_RESOURCE = "add resource projects --owned --fields name:text --ops list,create,get,update,delete --cached"


def prove(place: Path) -> None:
    """Write the settings for a copy of the checkout and for a new project, and ask the language server."""
    program = fetch_node(place, pins.YAML_LANGUAGE_SERVER) / "yaml-language-server"
    checkout, wheel = place / "checkout", place / "wheel"
    for folder in _FOLDERS:
        shutil.copytree(ROOT / folder, checkout / folder, ignore=shutil.ignore_patterns("__pycache__"))
    _charter("app.cli", checkout, checkout, "spec", "editor")
    check_completions(program, checkout)
    shutil.copytree(installed_wheel(), wheel)
    _charter("charter", wheel, place, "new", "shop")
    _charter("charter", wheel, place / "shop", *_RESOURCE.split())
    _charter("charter", wheel, place / "shop", "spec", "editor")
    check_project(program, place / "shop")


def _charter(module: str, code: Path, folder: Path, *words: str) -> None:
    subprocess.run(
        [sys.executable, "-P", "-m", module, *words],
        cwd=folder,
        env=clean_environment(PYTHONPATH=os.fspath(code), PYTHONDONTWRITEBYTECODE="1"),
        check=True,
    )
