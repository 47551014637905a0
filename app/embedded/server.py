"""What the embedded servers share: who owns one, where its socket may lie, how its process starts and ends."""

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
_LONGEST_SOCKET_PATH = 103
_PREFIX = re.compile(r"^(\d{4}-\S+ \S+ \S+ \[\d+\] )?((FATAL|PANIC|ERROR): +)?(initdb: (error: )?)?")
# The last block that fits is written in part, and PostgreSQL says no more than that.
_FIXES = {
    re.compile(r"No space left on device|wrote only \d+ of \d+ bytes"): "free some space and try again",
    # A container may run as a number that no account has; PostgreSQL makes no data for such.
    re.compile(r"could not look up .*user ID \d+"): "give that id a line in /etc/passwd, or set DATABASE_URL",
}


class EmbeddedError(Exception):
    """A server that cannot be started; the text says why and how to mend it, in one line."""


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """A server that runs.

    Attributes:
        url: where clients reach it.
        stop: ends it, if this process started it; may be called again.
    """

    url: str
    stop: Callable[[], None]


class Ownership:
    """A lock on a state directory: who has it starts and stops the server, everybody else shares it.

    The lock belongs to the process, not to its forked children, and the kernel takes it back when the process dies.
    """

    # Closing any handle of a file drops the process's locks on it (POSIX): what we own is never opened twice.
    _owned: ClassVar[set[Path]] = set()

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._file: IO[str] | None = None

    def taken(self) -> bool:
        """Try to become the owner; say whether this call did."""
        if self._path in self._owned:
            return False
        held = self._path.open("a+", encoding="ascii")
        try:
            fcntl.lockf(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            held.close()
            return False
        self._file = held
        self._owned.add(self._path)
        return True

    def release(self) -> None:
        """Let another become the owner."""
        if self._file is not None:
            self._file.close()
            self._file = None
            self._owned.discard(self._path)


def socket_directory(preferred: Path, longest_name: str, *, owner: int) -> Path:
    """Return a directory with mode 0700 whose path is short enough for a Unix socket.

    Args:
        preferred: used when its path is short enough; else a directory under /tmp is, named after the path, so that
            every process finds the same.
        longest_name: the longest file name that will be made there.
        owner: uid of the account that the server runs as.

    Raises:
        EmbeddedError: somebody else made that directory, or it cannot be made.
        OSError: the preferred one cannot be made.
    """
    chosen = preferred.resolve()
    if len(os.fsencode(chosen / longest_name)) > _LONGEST_SOCKET_PATH:
        digest = hashlib.sha256(os.fsencode(chosen)).hexdigest()[:12]
        # Not the TMPDIR of the moment: every process has to find the same; owner and mode are checked below.
        chosen = Path("/tmp") / f"charter-{os.geteuid()}-{digest}"  # noqa: S108
    try:
        chosen.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        if chosen.is_relative_to(preferred.resolve()):
            raise
        raise EmbeddedError(
            f"{chosen} cannot be made ({error.strerror}), and the path of {preferred} is too long for a socket; "
            "set CHARTER_STATE to a shorter path"
        ) from error
    found = chosen.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), owner):
        raise EmbeddedError(f"{chosen} belongs to somebody else; remove it, or set CHARTER_STATE to a shorter path")
    if found.st_uid != owner:
        os.chown(chosen, owner, -1)
    return chosen


def spawn(command: list[str | Path], log: Path, *, farewell: signal.Signals, **options: Any) -> subprocess.Popen[bytes]:
    """Start a server in a session of its own, so that Ctrl-C reaches it only through us.

    Args:
        log: takes its output.
        farewell: the signal it gets when the thread that started it dies (Linux; elsewhere the next start cleans up).
        options: for Popen.
    """
    library = ctypes.CDLL(None) if sys.platform == "linux" else None

    def die_with_parent() -> None:
        if library is not None:
            library.prctl(_PR_SET_PDEATHSIG, farewell)

    with log.open("ab") as output:
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - it makes one system call, looked up beforehand
            **options,
        )


def pauses(seconds: float) -> Iterator[None]:
    """Yield every few milliseconds until the time is over: what a caller does between looks at something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        yield
        time.sleep(0.01)


def last_words(log: Path) -> str:
    """Return the last line of a log that tells what went wrong, for a message of one line."""
    with contextlib.suppress(OSError):
        return reason(reversed(log.read_text("utf-8", "replace").splitlines()))
    return "no log"


def reason(lines: Iterable[str]) -> str:
    """Return the first of a program's lines that tells what went wrong, else the first, for a message of one line.

    It goes without the time, the process and the level that PostgreSQL puts in front, and with how to mend it where
    that is known.
    """
    said = [line.strip() for line in lines if line.strip()]
    telling = [line for line in said if re.search("fatal|panic|error", line, re.IGNORECASE)]
    told = _PREFIX.sub("", (telling or said or ["no reason given"])[0])
    return "; ".join([told, *(fix for fault, fix in _FIXES.items() if fault.search(told))])
