"""Read and replace the files of people: a file is whole or untouched, and what goes wrong is told with its name."""

import errno
import os
import tempfile
from pathlib import Path

from app.cli.errors import CommandError
from app.cli.printing import printable

_FULL = "free some space, and try again"
_IN_THE_WAY = "move what is in the way of the folder"
_FIXES = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.ENOTDIR: _IN_THE_WAY,
    errno.EEXIST: _IN_THE_WAY,
    errno.EISDIR: "move the folder that is in the way of the file",
}


def shown(path: Path, root: Path) -> str:
    """Return the name of a file for messages: from the root, else the whole path."""
    return printable(path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix())


def read_bytes(path: Path, root: Path) -> bytes:
    """Return what a file has.

    Args:
        root: the folder that the name in a message starts from.

    Raises:
        CommandError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        fix = "correct the link, or delete it" if path.is_symlink() else "write it"
        what = "is a link to a file that does not exist" if path.is_symlink() else "does not exist"
        raise CommandError(f"{shown(path, root)} {what}: {fix}") from None
    except OSError as error:
        raise CommandError(f"{shown(path, root)} cannot be read: {_reason(error)}; put a readable file there") from None


def read_text(path: Path, root: Path) -> str | None:
    """Return the text of a file with its line ends as they are; None if there is none.

    Args:
        root: as of `read_bytes`.

    Raises:
        CommandError: it cannot be read, or is not UTF-8.
    """
    if not path.exists() and not path.is_symlink():
        return None
    raw = read_bytes(path, root)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise CommandError(f"{shown(path, root)}:{line}: the file is not UTF-8: save it as UTF-8") from None


def write_file(path: Path, content: bytes, root: Path, *, before: bytes | None) -> None:
    """Replace or create a file in one step, unless somebody has changed it meanwhile; a link to a file stays a link.

    Args:
        root: the folder that the name in a message starts from.
        before: what the file had when it was read; None if there was none.

    Raises:
        CommandError: it cannot be written, or has changed. The file is as before.
    """
    try:
        if path.parent.is_symlink() and not path.parent.exists():
            raise CommandError(
                f"{shown(path.parent, root)} is a link to a folder that does not exist: correct the link, or delete it"
            )
        # Unlike Path.resolve, this takes a link that leads to itself.
        _write(Path(os.path.realpath(path)), content, before, shown(path, root))
    except OSError as error:
        fix = _FIXES.get(error.errno or 0, "let its folder be one that you may write to")
        raise CommandError(f"{shown(path, root)} cannot be written: {_reason(error)}; {fix}") from None


def _write(path: Path, content: bytes, before: bytes | None, name: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", suffix=".new", delete=False) as file:
        new = Path(file.name)
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            new.chmod(path.stat().st_mode & 0o7777 if before is not None else 0o666 & ~_umask())
            if (path.read_bytes() if path.exists() else None) != before:
                raise CommandError(f"{name} has changed meanwhile: run the command again")
            new.replace(path)
        except BaseException:
            new.unlink(missing_ok=True)
            raise


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
