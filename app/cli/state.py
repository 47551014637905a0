"""The state folder of development: the lock of the server that uses it, and the secrets made in it."""

import errno
import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.cli.errors import BUSY, MISCONFIGURED, CommandError

SECRET_NAMES = ("JWT_SECRET", "REFRESH_KEYS")


@contextmanager
def serving_from(state: Path) -> Iterator[None]:
    """Be the only server of a state folder until the block ends; a killed process releases it.

    Raises:
        CommandError: another one is running, or the folder cannot be made.
        OSError: it cannot be written to.
    """
    _make(state)
    with (state / "serving").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            other = lock.read(20).strip() or "unknown"
            raise CommandError(
                f"Charter already runs from {state} (process {other}): "
                "stop it, or set CHARTER_STATE and PORT for a second one",
                exit_code=BUSY,
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def _make(state: Path) -> None:
    try:
        state.mkdir(mode=0o711, parents=True, exist_ok=True)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise CommandError(
            f"the folder {state} cannot be made ({error.strerror}), but development keeps its servers and data there: "
            "set CHARTER_STATE to a folder you may write to",
        ) from error


def stored_secrets(state: Path) -> dict[str, str]:
    """Return JWT_SECRET and REFRESH_KEYS of a state folder; the first call makes them. Only the owner can read them.

    Raises:
        CommandError: the file is damaged, or the folder cannot be made.
        OSError: it cannot be written or read.
    """
    path = state / "secrets"
    if not path.exists():
        _make(state)
        draft = state / f"secrets.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(f"JWT_SECRET={secrets.token_urlsafe(48)}\nREFRESH_KEYS=k1:{secrets.token_urlsafe(48)}\n")
        try:
            # The link fails if the name exists: if two commands start together, both read the file of the first one.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    stored = dict(line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)
    if any(not stored.get(name) for name in SECRET_NAMES):
        raise CommandError(
            f"{path} is damaged: delete it to get new secrets, with which everybody has to sign in again",
            exit_code=MISCONFIGURED,
        )
    return {name: stored[name] for name in SECRET_NAMES}
