"""The engine floor: Charter's compiled gateway serving the bench document, each variant a factory for uvicorn."""

import os
from pathlib import Path

from connexion import FlaskApp

from app.config import Config
from app.factory import create_app
from app.observability import logging

DOCUMENT = Path(__file__).parent / "document" / "openapi.yaml"


def logged() -> FlaskApp:
    """Return the floor with request log and metrics."""
    return _floor(quiet=False)


def bare() -> FlaskApp:
    """Return the floor without them."""
    return _floor(quiet=True)


def _floor(*, quiet: bool) -> FlaskApp:
    config = Config.from_environment(os.environ)
    logging.configure(config)
    return create_app(config, document=DOCUMENT, handlers_package="tests.bench.handlers", bench=True, quiet=quiet)
