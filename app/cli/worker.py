"""One of several worker processes: the application, made again from the environment that the parent has checked."""

import multiprocessing
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import structlog
from connexion import FlaskApp
from uvicorn.config import STARTUP_FAILURE

from app.cli.refusals import Refusal
from app.cli.serving import one_server
from app.cli.supervisor import ALL_STOP, BEAT, READY
from app.config import Config, ConfigError
from app.factory import create_app
from app.observability import logging, multiprocess
from app.spec.document import DocumentError


def create() -> FlaskApp:
    """Return the application, or end the process; `charter dev` calls this in the process that it starts anew.

    Raises:
        SystemExit: something changed since the parent checked it; what, is printed.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        _in_background(parent.join, _stop)
    return _made()[0]


def main() -> None:
    """Serve on an inherited socket; the arguments are the slot, and the descriptors of listener and channel."""
    slot, listener, channel = (int(word) for word in sys.argv[1:4])
    parent = socket.socket(fileno=channel)
    all_stop = threading.Event()
    _in_background(lambda: _hear(parent, all_stop), _stop)
    multiprocess.set_process_name(str(slot))

    def send(what: bytes) -> None:
        with suppress(OSError):
            parent.send(what, socket.MSG_DONTWAIT)

    app, config = _made()
    server = one_server(app, config, ready=lambda: send(READY), beat=lambda: send(BEAT), closes_port=all_stop.is_set)
    try:
        server.run([socket.socket(fileno=listener)])
    except Refusal as refusal:
        refusal.show()
        sys.exit(STARTUP_FAILURE)


def _made() -> tuple[FlaskApp, Config]:
    try:
        config = Config.from_environment(os.environ)
        logging.configure(config)
        return create_app(config), config
    except (ConfigError, DocumentError) as error:
        for fault in error.faults:
            print(f"charter: {fault}", file=sys.stderr)
    except Exception:  # noqa: BLE001  # another exit code would have the supervisor try for ever
        structlog.get_logger("charter.serve").exception("the worker did not start")
    sys.exit(STARTUP_FAILURE)


def _hear(parent: socket.socket, all_stop: threading.Event) -> None:
    """Wait until the parent is gone, and note when it says that all stop.

    A worker left behind would hold the port. The last one removes the folder of figures.
    """
    with suppress(OSError):
        while heard := parent.recv(16):
            if ALL_STOP in heard:
                all_stop.set()
    all_stop.set()
    multiprocess.remove_folder(Path(os.environ[multiprocess.FOLDER_VARIABLE]))


def _in_background(wait: Callable[[], None], then: Callable[[], None]) -> None:
    def run() -> None:
        wait()
        then()

    threading.Thread(target=run, name="parent", daemon=True).start()


def _stop() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
