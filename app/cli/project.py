"""The project that the command runs in: found by its folder, its code importable, its data in its folder."""

import os
import sys
from functools import lru_cache
from pathlib import Path

from app import resources
from app.cli.errors import MISCONFIGURED, CommandError
from app.project import Project, ProjectError, find_project, hidden_modules


def enter_project() -> Project | None:
    """Find the project, and prepare this process for it: its packages can be imported, and its data is its own.

    Returns:
        None outside of every project.

    Raises:
        ProjectError: its pyproject.toml is wrong, or it hides modules that are needed.
        CommandError: this is a checkout of Charter, and not the wheel.
    """
    project = current_project()
    if project is not None:
        os.environ.setdefault("CHARTER_STATE", str(project.root / ".charter"))
    return project


def current_project() -> Project | None:
    """Return the project that the working directory or CHARTER_PROJECT names; its packages can be imported.

    Raises:
        ProjectError, CommandError: as `enter_project`.
    """
    project = _found(os.environ.get("CHARTER_PROJECT", ""), Path.cwd())
    if project is None:
        return None
    if resources.CHECKOUT is not None:
        raise CommandError(
            f"the project {project.name} needs the wheel of Charter, and this is a checkout, whose packages have the "
            "names of the project's: install the wheel, and use its command",
            exit_code=MISCONFIGURED,
        )
    root = str(project.root)
    if sys.path[:1] != [root]:
        if faults := hidden_modules(project, sys.path):
            raise ProjectError(faults)
        sys.path[:] = [root, *(place for place in sys.path if place != root)]
    return project


@lru_cache
def _found(chosen: str, start: Path) -> Project | None:
    return find_project({"CHARTER_PROJECT": chosen}, start)


def document_root() -> Path:
    """Return the root file of the document that is edited here: that of the project, else Charter's."""
    project = current_project()
    return project.document if project else resources.OPENAPI / "openapi.yaml"


def require_document() -> None:
    """Raise an error if there is no document to work on.

    Raises:
        CommandError: its root file does not exist.
    """
    root = document_root()
    if not root.is_file():
        name = Path(os.path.relpath(root)).as_posix()
        raise CommandError(
            f"{name}:1: this file does not exist: write it, or change to another folder", exit_code=MISCONFIGURED
        )


def released_folder() -> Path:
    """Return the folder of the released documents."""
    return document_root().parent / "released"


def watched_folders(project: Project) -> list[str]:
    """Return the folders of a project that hold code or its document."""
    return [
        str(path)
        for path in sorted(project.root.iterdir())
        if path.is_dir() and not path.name.startswith(".") and not (path / "pyvenv.cfg").is_file()
    ]
