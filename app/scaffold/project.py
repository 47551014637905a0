"""The files of a new project: an empty part of the document, empty packages, and all that tests and runs them."""

import re
import shutil
import tempfile
from pathlib import Path

from app.project import NAME, OWN_NAME
from app.scaffold.templates import FOLDER, rendered

_TEMPLATES = FOLDER / "project"
_RELEASE = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")
# Python would import the project's packages in place of these, or a tool would not accept the name.
_TAKEN = frozenset({OWN_NAME, "app", "handlers", "migrations", "models", "openapi", "services", "test", "tests"})


class NewProjectError(Exception):
    """A project that cannot be made; the message says why, and what to do."""


def make_project(name: str, folder: Path, *, release: str, wheel: Path | None) -> list[str]:
    """Write a project into a folder that does not exist or is empty.

    Args:
        name: of the project.
        folder: gets the files.
        release: the version of Charter, which the project depends on.
        wheel: Charter's, of which the project gets a copy.

    Returns:
        The paths of the files in the folder.

    Raises:
        NewProjectError: the name is wrong, or the folder has something in it. Nothing has changed.
        OSError: the files cannot be written; what was written is removed.
    """
    check_name(name)
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise NewProjectError(f"{folder} is no folder: choose another one with --path")
    if folder.is_dir() and any(folder.iterdir()):
        raise NewProjectError(f"{folder} is not empty: choose another folder with --path")
    files = project_files(name, release)
    missing = [parent for parent in (folder.parent, *folder.parent.parents) if not parent.exists()]
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as made:
            place = Path(made) / "project"
            for path, text in files.items():
                (place / path).parent.mkdir(parents=True, exist_ok=True)
                (place / path).write_text(text, encoding="utf-8")
            if wheel is not None:
                (place / "wheels").mkdir()
                shutil.copy(wheel, place / "wheels")
            place.rename(folder)  # replaces an empty folder, and no other
    except OSError:
        for parent in missing:
            parent.rmdir()
        raise
    return sorted([*files, *([f"wheels/{wheel.name}"] if wheel else [])])


def check_name(name: str) -> None:
    """Make sure that a project can have this name.

    Raises:
        NewProjectError: it cannot.
    """
    if not NAME.fullmatch(name):
        raise NewProjectError(
            f"{name!r} cannot be the name of a project: write a word of lower-case letters, digits, hyphens and "
            "underscores that begins with a letter, such as shop"
        )
    if name in _TAKEN:
        raise NewProjectError(f"{name} is the name of a package that the project uses: choose another one")


def project_files(name: str, release: str) -> dict[str, str]:
    """Return the texts of the files of a project by path."""
    values = {"name": name, "title": name.replace("-", " ").replace("_", " ").capitalize()}
    requirement = f"charter{specifier(release)}"
    return {
        target_path(path): rendered(f"project/{path}", **values, requirement=requirement, release=release)
        for path in sorted(found.relative_to(_TEMPLATES).as_posix() for found in _TEMPLATES.rglob("*.jinja"))
    }


def target_path(template: str) -> str:
    """Return the path of the file that a template makes; a dot in front of a name is written `dot-`."""
    folder, _, name = template.removesuffix(".jinja").rpartition("/")
    name = f".{name.removeprefix('dot-')}" if name.startswith("dot-") else name
    return f"{folder}/{name}" if folder else name


def specifier(release: str) -> str:
    """Return which releases of Charter a project made with this one can use: those without a breaking change."""
    found = _RELEASE.match(release)
    if found is None:
        return ""
    major, minor = int(found[1]), int(found[2])
    limit = f"{major + 1}" if major else f"0.{minor + 1}"
    return f">={found[0]},<{limit}"
