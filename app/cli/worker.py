"""One of several worker processes: the application, made again from the environment that the parent has checked."""

import multiprocessing
import os
import signal
import sys
import threading

import structlog
from connexion import FlaskApp
from uvicorn.config import STARTUP_FAILURE

from app.factory import create_app
from app.observability import logging
from app.policy.document import DocumentError
from app.settings import Settings, SettingsError


def create() -> FlaskApp:
    """Return the application; uvicorn calls this in each worker.

    Raises:
        SystemExit: something changed since the parent checked it; what, is printed.
    """
    _end_with_parent()
    try:
        settings = Settings.from_environment(os.environ)
        logging.configure(settings)
        return create_app(settings)
    except (SettingsError, DocumentError) as error:
        for fault in error.faults:
            print(f"charter: {fault}", file=sys.stderr)
    except Exception:  # noqa: BLE001  # any other exit code would have uvicorn start workers for ever
        structlog.get_logger("charter.serve").exception("the worker did not start")
    sys.exit(STARTUP_FAILURE)


def _end_with_parent() -> None:
    """Stop when the parent is killed: a worker left behind would hold the port."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="parent", daemon=True).start()
