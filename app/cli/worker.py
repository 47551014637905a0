"""One of several worker processes: it makes the application from the environment that the parent has checked."""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from uvicorn.config import STARTUP_FAILURE

from app.cli.differences import report_differences_soon
from app.cli.errors import CommandError
from app.cli.project import current_project
from app.cli.server import Server
from app.cli.serving import one_server
from app.cli.supervisor import ALL_STOP, HEARTBEAT, READY
from app.config import Config, ConfigError
from app.factory import create_app
from app.observability import logging, multiprocess
from app.project import ProjectError
from app.spec.document import DocumentError

if TYPE_CHECKING:
    from connexion import FlaskApp


def create() -> "FlaskApp":
    """Return the application, or end the process.

    Raises:
        SystemExit: something has changed since the parent checked it, and is now wrong; the faults are printed.
    """
    return _create()[0]


def development_server(ready: Callable[[], None]) -> Server:
    """Return the server of one process of `charter dev`.

    Args:
        ready: called when it accepts connections.

    Raises:
        ConfigError, ProjectError, DocumentError: the files have changed, and are now wrong.
    """
    config = Config.from_environment(os.environ)
    logging.configure(config)
    app = create_app(config, project=current_project())
    report_differences_soon()
    return one_server(app, config, ready=ready, closes_port=lambda: False)


def main() -> None:
    """Serve on an inherited socket; the arguments are the slot, and the descriptors of listener and channel."""
    slot, listener, channel = (int(word) for word in sys.argv[1:4])
    parent = socket.socket(fileno=channel)
    all_stop = threading.Event()
    _in_background(lambda: _watch(parent, all_stop), _stop)
    multiprocess.set_process_name(str(slot))

    def send(message: bytes) -> None:
        with suppress(OSError):
            parent.send(message, socket.MSG_DONTWAIT)

    app, config = _create()
    server = one_server(
        app, config, ready=lambda: send(READY), heartbeat=lambda: send(HEARTBEAT), closes_port=all_stop.is_set
    )
    try:
        server.run([socket.socket(fileno=listener)])
    except CommandError as error:
        error.show()
        sys.exit(STARTUP_FAILURE)


def _create() -> tuple["FlaskApp", Config]:
    try:
        config = Config.from_environment(os.environ)
        logging.configure(config)
        return create_app(config, project=current_project()), config
    except (ConfigError, DocumentError, ProjectError) as error:
        for fault in error.faults:
            print(f"charter: {fault}", file=sys.stderr)
    except Exception:  # noqa: BLE001  # with another exit code, the supervisor would start workers forever
        structlog.get_logger("charter.serve").exception("the worker did not start")
    sys.exit(STARTUP_FAILURE)


def _watch(parent: socket.socket, all_stop: threading.Event) -> None:
    """Wait until the parent is gone; set the event when it says that all workers stop.

    A worker that outlived its parent would keep the port. The last one removes the folder of the metrics.
    """
    with suppress(OSError):
        while message := parent.recv(16):
            if ALL_STOP in message:
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
