"""One of several worker processes: the application, made again from the environment that the parent has checked."""

import os
import signal
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path

import structlog
from connexion import FlaskApp
from uvicorn.config import STARTUP_FAILURE

from app.cli.refusals import Refusal
from app.cli.serving import one_server
from app.cli.supervisor import BEAT, READY
from app.factory import create_app
from app.observability import logging, multiprocess
from app.policy.document import DocumentError
from app.settings import Settings, SettingsError


def create() -> FlaskApp:
    """Return the application, or end the process; `charter dev` calls this in the process that it starts anew.

    Raises:
        SystemExit: something changed since the parent checked it; what, is printed.
    """
    return _made()[0]


def main() -> None:
    """Serve on an inherited socket; the arguments are the slot, and the descriptors of listener and channel."""
    slot, listener, channel = (int(word) for word in sys.argv[1:4])
    parent = socket.socket(fileno=channel)
    _end_with_parent(parent)
    multiprocess.count_as(str(slot))

    def send(what: bytes) -> None:
        with suppress(OSError):
            parent.send(what, socket.MSG_DONTWAIT)

    app, settings = _made()
    server = one_server(app, settings, ready=lambda: send(READY), beat=lambda: send(BEAT))
    try:
        server.run([socket.socket(fileno=listener)])
    except Refusal as refusal:
        refusal.show()
        sys.exit(STARTUP_FAILURE)


def _made() -> tuple[FlaskApp, Settings]:
    try:
        settings = Settings.from_environment(os.environ)
        logging.configure(settings)
        return create_app(settings), settings
    except (SettingsError, DocumentError) as error:
        for fault in error.faults:
            print(f"charter: {fault}", file=sys.stderr)
    except Exception:  # noqa: BLE001  # another exit code would have the supervisor try for ever
        structlog.get_logger("charter.serve").exception("the worker did not start")
    sys.exit(STARTUP_FAILURE)


def _end_with_parent(parent: socket.socket) -> None:
    """Stop when the parent is killed: a worker left behind would hold the port, and its folder of figures stay."""

    def wait() -> None:
        with suppress(OSError):
            while parent.recv(16):
                pass
        multiprocess.remove(Path(os.environ[multiprocess.FOLDER]))
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="parent", daemon=True).start()
