"""How the command fails: one line with what is wrong and how to fix it, and an exit code that scripts can use.

The codes are those of sysexits.h, where it has one. A line reads `what is wrong: how to fix it`. Messages
of embedded servers and of connections, which may have colons of their own, read `what is wrong; how to fix it`.
"""

import errno
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import click
import peewee

from app.cli.printing import printable
from app.config import ConfigError
from app.database import explain_connection_error
from app.database.driver_errors import INSUFFICIENT_PRIVILEGE, lacks_connect_privilege
from app.database.migration_error import MigrationError
from app.embedded import EmbeddedError
from app.errors import AppError, Unavailable
from app.project import ProjectError, find_project
from app.services import database_rights
from app.spec.document import DocumentError

FAILED = 1
UNAVAILABLE = 69
BUSY = 75
MISCONFIGURED = 78


_RIGHTS_FIX = "charter doctor lists the missing rights, charter db grants ROLE prints the statements that grant them"

_FIXES = {
    errno.ENOSPC: "the disk is full: free some space and try again",
    errno.EDQUOT: "the disk quota is used up: free some space and try again",
    errno.EACCES: "permission denied: use a folder you may write to, or set CHARTER_STATE to one",
    errno.EPERM: "operation not permitted: use a folder you may write to, or set CHARTER_STATE to one",
    errno.EROFS: "the file system is read-only: use a folder you may write to, or set CHARTER_STATE to one",
    errno.ENOTDIR: "a file is in the way of a folder: move it, or set CHARTER_STATE to another folder",
    errno.EEXIST: "a file is in the way of a folder: move it, or set CHARTER_STATE to another folder",
    errno.EISDIR: "a folder is in the way of a file: move it, or name another file",
    errno.ENOENT: "no such file or folder: check the path",
    errno.EMFILE: "too many open files: raise the limit with ulimit -n",
}


class CommandError(click.ClickException):
    """A command that cannot do its work.

    Args:
        lines: what is wrong and how to fix it, usually one line.
        exit_code: one of the constants of this module.
    """

    def __init__(self, *lines: str, exit_code: int = FAILED) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines
        self.exit_code = exit_code  # type: ignore[misc]  # click reads it from the instance

    def show(self, file: Any = None) -> None:
        """Print the lines, each after the name of the command."""
        for line in self.lines:
            click.echo(f"charter: {line}", err=True, file=file)


class CharterGroup(click.Group):
    """The root of the command: the one place that turns errors into messages with an exit code."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the exit codes, and which project the command would work on."""
        super().format_epilog(ctx, formatter)
        try:
            project = find_project(os.environ, Path.cwd())
        except ProjectError as error:
            formatter.write(f"\nThe project here is not in order: {error.faults[0]}\n")
        else:
            if project is not None:
                formatter.write(f"\nProject: {project.name} ({project.root})\n")

    def invoke(self, ctx: click.Context) -> Any:
        """Run a sub-command.

        Raises:
            CommandError: for every error that is not a bug.
        """
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            raise CommandError(*map(str, error.faults), exit_code=MISCONFIGURED) from error
        except ProjectError as error:
            raise CommandError(*map(str, error.faults), exit_code=MISCONFIGURED) from error
        except DocumentError as error:
            raise_document_errors(error.faults)
        except Unavailable as error:
            code = MISCONFIGURED if lacks_connect_privilege(error) else UNAVAILABLE
            raise CommandError(explain_connection_error(error), exit_code=code) from error
        except peewee.ProgrammingError as error:
            if getattr(error.__cause__, "pgcode", None) != INSUFFICIENT_PRIVILEGE:
                raise
            raise CommandError(f"{str(error).splitlines()[0]}; {_RIGHTS_FIX}", exit_code=MISCONFIGURED) from error
        except EmbeddedError as error:
            raise CommandError(str(error), exit_code=UNAVAILABLE) from error
        except MigrationError as error:
            raise CommandError(str(error)) from error
        except AppError as error:
            raise CommandError(*(violation.message for violation in error.details)) from error
        except OSError as error:
            command_error = _error_of(error)
            if command_error is None:
                raise
            raise command_error from error


def raise_document_errors(faults: Sequence[object]) -> NoReturn:
    """Raise the faults of the document, with a line for each.

    Raises:
        CommandError: always.
    """
    count = f"{len(faults)} fault{'s' * (len(faults) != 1)}"
    raise CommandError(
        *(printable(str(fault)) for fault in faults),
        f"the document has {count}: fix {'it' if len(faults) == 1 else 'them'} and try again",
        exit_code=MISCONFIGURED,
    )


def require_rights() -> None:
    """Raise an error if the connected role lacks a right that the server needs, with a line for each and its GRANT.

    Raises:
        CommandError: it lacks one.
    """
    missing = database_rights.missing_rights()
    if not missing:
        return
    me = database_rights.connected_role()
    raise CommandError(
        *(f"the role {me} has no {right}: {grant}" for right, grant in missing),
        f"run these statements as the owner of the tables, or the output of: charter db grants {me}",
        exit_code=MISCONFIGURED,
    )


def _error_of(error: OSError) -> CommandError | None:
    fix = _FIXES.get(error.errno or 0)
    # An error about several places, such as that of tempfile, has them in its text.
    usual = os.strerror(error.errno or 0)
    where = error.filename or (error.strerror if error.strerror != usual else None)
    place = f" ({where})" if where else ""
    return CommandError(fix + place) if fix else None
