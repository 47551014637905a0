"""A mutant: a small mistake, made on a copy of the tree or in a database."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from tests.command import ROOT
from tests.servers import straight

_FOLDERS = ("app", "charter", "handlers", "migrations", "models", "openapi")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A mistake.

    Attributes:
        name: what is wrong, for the table.
        place: a file of the tree, or the name of an SQL function.
        right: the text that is replaced; it is there once.
        check: the check that must find it.
        unchecked: whether the server must not compare its responses with the document: it would hold them back.
    """

    name: str
    place: str
    right: str
    wrong: str
    check: str
    unchecked: bool = False

    @property
    def is_sql(self) -> bool:
        """Whether the mistake is in the database."""
        return "/" not in self.place


# The first line of the check of every response.
_UNCHECKED = Mutant(
    "responses are not checked",
    "app/pipeline/response_checks.py",
    "        if status not in self._data_checks:\n            raise",
    "        return\n        if status not in self._data_checks:\n            raise",
    "",
)


def tree(folder: Path, mutant: Mutant | None) -> Path:
    """Return a copy of the tree with the mistake in it.

    Raises:
        AssertionError: the text that is to be replaced is not there, or more than once.
    """
    for name in _FOLDERS:
        # Links are quick to make. A file that is changed is written again.
        ignored = (
            shutil.ignore_patterns("__pycache__", "vendor") if name != "app" else shutil.ignore_patterns("__pycache__")
        )
        shutil.copytree(ROOT / name, folder / name, copy_function=os.link, ignore=ignored)
    for mistake in ([mutant] if mutant and not mutant.is_sql else []) + (
        [_UNCHECKED] if mutant and mutant.unchecked else []
    ):
        path = folder / mistake.place
        text = path.read_text(encoding="utf-8")
        assert text.count(mistake.right) == 1, (
            f"{mutant}: {mistake.place} has its text {text.count(mistake.right)} times"
        )
        path.unlink()
        path.write_text(text.replace(mistake.right, mistake.wrong), encoding="utf-8")
    return folder


def change_database(url: str, mutant: Mutant) -> None:
    """Put a mistake into a function of a database.

    Raises:
        AssertionError: the text that is to be replaced is not there, or more than once.
    """
    connection = psycopg2.connect(straight(url))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef(%s::regproc)", (mutant.place,))
        row = cursor.fetchone()
        assert row
        assert row[0].count(mutant.right) == 1, (
            f"{mutant}: {mutant.place} has its text {row[0].count(mutant.right)} times"
        )
        cursor.execute(row[0].replace(mutant.right, mutant.wrong))
    connection.close()
