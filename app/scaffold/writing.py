"""Writes new files: all of them or, if one cannot be written, none."""

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path


def write_new(root: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files that must not exist yet.

    Args:
        root: the folder that the paths are in.
        files: contents by path.

    Raises:
        FileExistsError: one of them exists.
        OSError: one cannot be written. In both cases nothing has changed.
    """
    write_changed(root, files, {})


def write_changed(root: Path, new: Mapping[str, str | bytes], changed: Mapping[str, tuple[str, str]]) -> None:
    """Write new files, and other contents into files that exist.

    Everything is first written under other names, in the folders where it belongs, so that a full disk or a missing
    right is found before a file has changed.

    Args:
        root: the folder that the paths are in.
        new: contents by path; none of the files may exist.
        changed: (text that the file must have, text that it gets) by path.

    Raises:
        FileExistsError: a new file exists, or a file that is to change is not as it was read.
        OSError: one cannot be written. In all cases nothing has changed.
    """
    with contextlib.ExitStack() as undo:
        places = [(_written(root / path, content, undo), root / path) for path, content in new.items()]
        others = [
            (_written(root / path, after, undo), root / path, before) for path, (before, after) in changed.items()
        ]
        for path, (before, _) in changed.items():
            if (root / path).read_text(encoding="utf-8") != before:
                raise FileExistsError(None, "it has changed while the new text was made", str(root / path))
        for temporary, target in places:
            os.link(temporary, target)  # unlike a rename, it fails if the target exists
            undo.callback(target.unlink)
        for temporary, target, before in others:
            temporary.replace(target)
            undo.callback(target.write_text, before, encoding="utf-8")
        done = undo.pop_all()
    for temporary, _ in places:
        temporary.unlink()
    del done


def _written(target: Path, content: str | bytes, undo: contextlib.ExitStack) -> Path:
    """Return a file with the content beside the target, and its removal to `undo`."""
    if os.path.lexists(target) and not target.is_file():
        raise FileExistsError(None, "it is in the way", str(target))
    for folder in reversed(list(_missing(target.parent))):
        folder.mkdir()
        undo.callback(_remove_empty, folder)
    number, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    temporary = Path(name)
    undo.callback(temporary.unlink, missing_ok=True)
    with os.fdopen(number, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    mode = target.stat().st_mode & 0o777 if target.is_file() else 0o666 & ~_umask()
    temporary.chmod(mode)
    return temporary


def _missing(folder: Path) -> Iterator[Path]:
    while not folder.exists():
        yield folder
        folder = folder.parent


def _remove_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


def _umask() -> int:
    value = os.umask(0)
    os.umask(value)
    return value
