"""The files of migrations: Charter's, and those of a project, whose recorded names begin with the project's.

A file is `migrations/YYYY-MM-DD-HH-mm-description.py` with `migrate(migrator, database, **kwargs)` and
`rollback(...)`, in SQL through `database.execute_sql`. Nothing here connects to the database.
"""

import re
import traceback
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from app.database.migration_error import MigrationError
from app.database.migration_guard import ForbiddenChange, ends_transaction, forbidden_end
from app.exits import is_of_a_signal
from app.project import Project

NAME = re.compile(r"\d{4}(?:-\d\d){4}-[a-z0-9]+(?:-[a-z0-9]+)*")
DESCRIPTION = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_MOMENT = "%Y-%m-%d-%H-%M"
_MOMENT_LENGTH = len("2026-01-31-12-00")
_FUNCTIONS = ("migrate", "rollback")

_TEMPLATE = '''"""{about}."""


def migrate(migrator, database, **kwargs):
    """Describe what this adds."""


def rollback(migrator, database, **kwargs):
    """Describe what is lost."""
'''


class MigrationFiles:
    """The migrations of Charter and of a project.

    Args:
        folder: that of Charter's.
        project: whose migrations run after Charter's.
    """

    def __init__(self, folder: Path, project: Project | None = None) -> None:
        self._folder = folder
        self._project = project

    def names(self) -> list[str]:
        """Return the names of all migrations in the order in which they run on an empty database."""
        own = sorted(path.stem for path in _files(self._folder) if NAME.fullmatch(path.stem))
        if self._project is None:
            return own
        theirs = sorted(path.stem for path in _files(self._project.migrations) if NAME.fullmatch(path.stem))
        return own + [f"{self._project.name}:{name}" for name in theirs]

    def load(self, name: str) -> dict[str, Any]:
        """Return the names that a file defines.

        Raises:
            MigrationError: it cannot be run as Python.
        """
        path = self.path(name)
        scope: dict[str, Any] = {"__file__": str(path), "__name__": path.stem}
        try:
            exec(compile(path.read_bytes(), str(path), "exec", dont_inherit=True), scope)  # noqa: S102 - our own files
        except SyntaxError as error:
            raise MigrationError(f"{_shown(path)}:{error.lineno or 1}: this is not Python: {error.msg}") from error
        except BaseException as error:
            if is_of_a_signal(error):
                raise
            raise MigrationError(f"{_place(path, error)}: {_about(error)}: correct this line") from error
        return scope

    def check(self, names: Iterable[str]) -> None:
        """Make sure that the files of these migrations can run, and that a project has no file that never would.

        Raises:
            MigrationError: with a line for each fault.
        """
        faults = list(self._misnamed())
        for name in names:
            try:
                scope = self.load(name)
            except MigrationError as error:
                faults.append(str(error))
                continue
            missing = [function for function in _FUNCTIONS if not callable(scope.get(function))]
            faults += [f"{_shown(self.path(name))}:1: it has no function {function}: add it" for function in missing]
        if faults:
            raise MigrationError("\n".join([*faults, "nothing has changed"]))

    def check_known(self, recorded: Iterable[str]) -> None:
        """Make sure that every recorded migration has a file.

        Raises:
            MigrationError: says whose migrations these are, and what to do.
        """
        unknown = sorted(set(recorded) - set(self.names()))
        side = unknown[-1].rpartition(":")[0] if unknown else ""
        if not unknown:
            return
        those = ", ".join(name for name in unknown if name.rpartition(":")[0] == side)
        if not side or (self._project and side == self._project.name):
            release = f"release of {side}" if side else "release"
            raise MigrationError(
                f"the database was migrated by a newer {release}, and this code does not know: {those}. "
                "Run that release, or roll back with it first."
            )
        if self._project is None:
            raise MigrationError(
                f"the database has migrations of the project {side}: {those}. "
                "Run this in the folder of the project, or set CHARTER_PROJECT to it."
            )
        name, rest = self._project.name, len(side) + 1
        rename = f"UPDATE migratehistory SET name = '{name}' || substr(name, {rest})"  # noqa: S608 (for people to run)
        raise MigrationError(
            f"the database has migrations of the project {side}, and this is {name}: {those}. "
            f"If you renamed the project, run: {rename} WHERE name LIKE '{side}:%';"
        )

    def failure(self, name: str, error: BaseException, *, atomic: bool) -> MigrationError:
        """Return what to tell about an error in a migration, with the line of its file."""
        place, path = _place(self.path(name), error), self.path(name)
        if ends_transaction(error):
            error = forbidden_end()
        if isinstance(error, ForbiddenChange):
            line = f"{_shown(path)}:{error.line}" if error.line else place
            kept = "it changed nothing" if error.undone else "what it did stays: undo that by hand"
            return MigrationError(f"{line}: {error}; {kept}")
        kept = "it changed nothing" if atomic else "what it did before this line stays, because it is not atomic"
        return MigrationError(f"{place}: {_about(error)}; {kept}: correct it and run it again")

    def path(self, name: str) -> Path:
        """Return the file of a migration."""
        side, _, own = name.rpartition(":")
        folder = self._project.migrations if side and self._project else self._folder
        return folder / f"{own}.py"

    def _misnamed(self) -> Iterator[str]:
        for path in _files(self._project.migrations) if self._project else ():
            if not NAME.fullmatch(path.stem) and path.stem != "__init__":
                yield (
                    f"{_shown(path)}:1: this is no name of a migration, so it would never run: "
                    "rename it to YYYY-MM-DD-HH-mm-description.py, or move it out of this folder"
                )


def create(folder: Path, description: str, *, now: datetime | None = None) -> Path:
    """Write an empty migration with the present date, and return its path.

    Args:
        description: words of small letters and digits, joined by hyphens.
        now: the aware present moment; a migration with this date moves it on by a minute.
    """
    folder.mkdir(parents=True, exist_ok=True)
    moment, taken = now or datetime.now(UTC), {path.stem[:_MOMENT_LENGTH] for path in _files(folder)}
    while moment.strftime(_MOMENT) in taken:
        moment += timedelta(minutes=1)
    path = folder / f"{moment.strftime(_MOMENT)}-{description}.py"
    with path.open("x", encoding="utf-8") as file:
        file.write(_TEMPLATE.format(about=description.replace("-", " ").capitalize()))
    return path


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.py"))


def _shown(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _place(path: Path, error: BaseException) -> str:
    """Return the file and the line of it that raised the error."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(path)]
    return f"{_shown(path)}:{lines[-1] if lines else 1}"


def _about(error: BaseException) -> str:
    """Return the first line of the message; of an error that is not the database's, its type too."""
    message = (str(error).splitlines() or [""])[0].rstrip(".")
    return message if getattr(error.__cause__, "pgcode", None) else f"{type(error).__name__}: {message}".rstrip(": ")
