"""`charter` run in this process, on a test's database: a tenth of what a process of its own costs."""

from pathlib import Path

from click.testing import CliRunner, Result

from app.cli import main
from app.database import Database
from app.database.binding import current_database
from models.record import database as proxy
from tests.rows import Row, read_rows
from tests.service import REFRESH_KEYS, SECRET


class Terminal:
    """Runs the command, with cheap hashes and no terminal to ask at.

    Args:
        state: a folder for what the command may keep.
        database: the test's; it is bound again afterwards.
    """

    def __init__(self, state: Path, database: Database) -> None:
        self._database = database
        self._variables = {
            "CHARTER_ENV": "test",
            "CHARTER_STATE": str(state),
            "DATABASE_URL": database.url,
            "JWT_SECRET": SECRET,
            "REFRESH_KEYS": REFRESH_KEYS,
            "BCRYPT_COST": "4",
            "LOG_LEVEL": "error",
            "LOG_FORMAT": "json",
        }

    def __call__(self, *words: str, stdin: str | bytes = "", **variables: str) -> Result:
        """Run `charter` with these words."""
        try:
            return CliRunner().invoke(main, words, input=stdin, env={**self._variables, **variables})
        finally:
            if current_database() is not self._database:
                current_database().reset()
                proxy.initialize(self._database)

    def done(self, *words: str, stdin: str | bytes = "", **variables: str) -> str:
        """Run it, assert that all went well, and return what it printed."""
        response = self(*words, stdin=stdin, **variables)
        assert response.exit_code == 0, response.output
        return response.stdout

    def refused(self, *words: str, stdin: str | bytes = "", code: int = 1, **variables: str) -> str:
        """Run it, assert that it was refused in one line and printed nothing else, and return the line."""
        response = self(*words, stdin=stdin, **variables)
        assert response.exit_code == code, response.output
        assert response.stdout == ""
        assert response.stderr.startswith("charter: ")
        assert response.stderr.count("\n") == 1
        return response.stderr


def command_rows() -> list[Row]:
    """Return every row of the audit trail that commands left, the oldest first."""
    return read_rows("actor_role = %s", "cli")


def command_row() -> Row:
    """Return the one row that commands left."""
    [row] = command_rows()
    return row
