"""One process of `charter dev`: it waits until it is needed, imports the code of this moment, and serves it.

At first it imports only the packages that nobody edits, which takes a third of a start. When its parent says so, it
imports Charter and the project.
"""

import importlib
import os
import signal
import socket
import sys
import threading
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

from app.cli import starting
from app.libraries import import_libraries

READY = b"r"
GO = b"g"
# What is imported before the code that people edit.
_PACKAGES = ("bcrypt", "httptools", "jsonschema_rs", "orjson", "psycopg2.extras", "redis", "uvloop", "yaml")
FAULTS_HEADER = b"charter-faults"
_FAILURE = 3


def main() -> None:
    """Serve on an inherited socket; the arguments are the descriptors of the listener and of the parent's channel."""
    listener, channel = (int(word) for word in sys.argv[1:3])
    parent = socket.socket(fileno=channel)
    starting.begin_worker()
    for name in _PACKAGES:
        with suppress(ImportError):
            import_libraries([name])
    if parent.recv(1) != GO:
        return
    faults = _serve(socket.socket(fileno=listener), parent)
    if faults:
        for fault in faults:
            print(f"charter: {fault}", file=sys.stderr, flush=True)
        with suppress(OSError):
            parent.send(_summary(faults))
        sys.exit(_FAILURE)


def _serve(listener: socket.socket, parent: socket.socket) -> list[str]:
    """Serve until a signal to stop; return why it cannot."""
    try:
        worker = importlib.import_module(f"{__package__}.worker")
        server = worker.development_server(ready=lambda: parent.send(READY))
    except Exception as error:  # noqa: BLE001  # any code may be broken while it is edited
        return [str(fault) for fault in getattr(error, "faults", None) or [_place_of(error)]]
    threading.Thread(target=_obey, args=(parent, server), name="parent", daemon=True).start()
    server.run([listener])
    return []


def _obey(parent: socket.socket, server: Any) -> None:
    """Take from the parent what to say of the faults in the files; stop when the parent is gone."""
    with suppress(OSError):
        while message := parent.recv(1024):
            # uvicorn makes the headers of all responses from these, each second.
            others = [header for header in server.config.encoded_headers if header[0] != FAULTS_HEADER]
            server.config.encoded_headers = [*others, (FAULTS_HEADER, message)]
    os.kill(os.getpid(), signal.SIGTERM)


def _place_of(error: Exception) -> str:
    """Return a line with what is wrong, at the last line of code that is not of a package."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_short(error.filename)}:{error.lineno or 1}: This is not Python: {error.msg}. Correct the syntax."
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_edited(frame.filename)]
    place = f"{_short(frames[-1].filename)}:{frames[-1].lineno}: " if frames else ""
    return f"{place}{type(error).__name__}: {error}".partition("\n")[0]


def _is_edited(file: str) -> bool:
    return (
        "site-packages" not in file
        and not file.startswith(("<", sys.base_prefix))
        and file != _short.__code__.co_filename
    )


def _short(file: str) -> str:
    path = Path(file)
    return path.relative_to(Path.cwd()).as_posix() if path.is_relative_to(Path.cwd()) else file


def _summary(faults: list[str]) -> bytes:
    """Return the value of the header that says what is wrong: how many faults, and where the first one is."""
    place = faults[0].partition(": ")[0]
    return f"{len(faults)}; first={place}".encode("ascii", "replace")[:200]
