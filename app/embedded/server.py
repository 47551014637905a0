"""Common parts of the embedded servers: the lock of the owner, the socket directory, and starting a process."""

import contextlib
import ctypes
import fcntl
import hashlib
import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, ClassVar

_PR_SET_PDEATHSIG = 1
# sockaddr_un.sun_path is 104 bytes on macOS, 108 on Linux, with the closing NUL.
_MAX_SOCKET_PATH = 103
_PREFIX = re.compile(r"^(\d{4}-\S+ \S+ \S+ \[\d+\] )?((FATAL|PANIC|ERROR): +)?(initdb: (error: )?)?")
# On a full disk the last block is written in part, and PostgreSQL reports only that.
_FIXES = {
    re.compile(r"No space left on device|wrote only \d+ of \d+ bytes"): "free some space and try again",
    # A container may run as a user id without an account; PostgreSQL creates no data for it.
    re.compile(r"could not look up .*user ID \d+"): "add that id to /etc/passwd, or set DATABASE_URL",
}


class EmbeddedError(Exception):
    """A server cannot be started; the message says in one line why, and how to fix it."""


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """A running server.

    Attributes:
        url: for clients.
        stop: stops it if this process started it; it may be called again.
    """

    url: str
    stop: Callable[[], None]


class DirectoryLock:
    """A lock on a state directory: the process that holds it starts and stops the server, all others share the server.

    The lock belongs to the process, not to its forked children, and the kernel releases it when the process ends.
    """

    # Closing any handle of a file releases all locks of the process on it (POSIX): a held file is never opened twice.
    _held: ClassVar[set[Path]] = set()

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._file: IO[str] | None = None

    def acquire(self) -> bool:
        """Try to take the lock; return whether this call took it."""
        if self._path in self._held:
            return False
        file = self._path.open("a+", encoding="ascii")
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        self._file = file
        self._held.add(self._path)
        return True

    def release(self) -> None:
        """Release the lock, so that another process can take it."""
        if self._file is not None:
            self._file.close()
            self._file = None
            self._held.discard(self._path)


def socket_directory(preferred: Path, longest_name: str, *, owner: int) -> Path:
    """Return a directory with mode 0700 and a path that is short enough for a Unix socket.

    Args:
        preferred: used if its path is short enough; if not, a directory under /tmp is used. Its name is made from the
            path, so that every process finds the same one.
        longest_name: the longest file name in the directory.
        owner: uid of the account that the server runs as.

    Raises:
        EmbeddedError: the directory belongs to another account, or it cannot be created.
        OSError: the preferred directory cannot be created.
    """
    chosen = preferred.resolve()
    if len(os.fsencode(chosen / longest_name)) > _MAX_SOCKET_PATH:
        digest = hashlib.sha256(os.fsencode(chosen)).hexdigest()[:12]
        # Not TMPDIR: every process must find the same directory. Owner and mode are checked below.
        chosen = Path("/tmp") / f"charter-{os.geteuid()}-{digest}"  # noqa: S108
    try:
        chosen.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        if chosen.is_relative_to(preferred.resolve()):
            raise
        raise EmbeddedError(
            f"{chosen} cannot be created ({error.strerror}), and the path of {preferred} is too long for a socket; "
            "set CHARTER_STATE to a shorter path"
        ) from error
    status = chosen.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in (os.geteuid(), owner):
        raise EmbeddedError(f"{chosen} belongs to another account; remove it, or set CHARTER_STATE to a shorter path")
    if status.st_uid != owner:
        os.chown(chosen, owner, -1)
    return chosen


def spawn(
    command: list[str | Path], log: Path, *, death_signal: signal.Signals, **options: Any
) -> subprocess.Popen[bytes]:
    """Start a server in a separate session, so that Ctrl-C does not reach it directly.

    Args:
        log: its output is appended to this file.
        death_signal: sent to it when the thread that started it ends (Linux; elsewhere the next start cleans up).
        options: for Popen.
    """
    library = ctypes.CDLL(None) if sys.platform == "linux" else None

    def set_death_signal() -> None:
        if library is not None:
            library.prctl(_PR_SET_PDEATHSIG, death_signal)

    with log.open("ab") as output:
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=set_death_signal,  # noqa: PLW1509 - it makes one system call, looked up before the fork
            **options,
        )


def poll(seconds: float) -> Iterator[None]:
    """Yield every few milliseconds until the time is over, for a caller that checks something again and again."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        yield
        time.sleep(0.01)


def last_error(log: Path) -> str:
    """Return the last line of a log that reports an error, for a message of one line."""
    with contextlib.suppress(OSError):
        return first_error(reversed(log.read_text("utf-8", "replace").splitlines()))
    return "no log"


def first_error(lines: Iterable[str]) -> str:
    """Return the first line of a program that reports an error, or else its first line, for a message of one line.

    The time, the process and the level that PostgreSQL writes at the beginning are removed. If a fix is known, it is
    added.
    """
    stripped = [line.strip() for line in lines if line.strip()]
    errors = [line for line in stripped if re.search("fatal|panic|error", line, re.IGNORECASE)]
    message = _PREFIX.sub("", (errors or stripped or ["no reason given"])[0])
    return "; ".join([message, *(fix for pattern, fix in _FIXES.items() if pattern.search(message))])
