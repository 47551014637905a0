"""From checked settings to a server that answers, and its end.

Everything that can be refused is refused in this process before the port is bound; the port is bound before any
worker is started.
"""

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import structlog
import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import ChangeReload, Multiprocess

from app.cli.first_admin import Made, first_admin
from app.cli.listening import BACKLOG, address_of, listen
from app.cli.migrating import bring_up_to_date, role_differences, shortfall
from app.cli.refusals import MISCONFIGURED, Refusal, refuse_document, refuse_without_rights
from app.database import connection
from app.database.binding import bound
from app.factory import create_app
from app.policy.document import DocumentError
from app.settings import Settings

# As long as a body and the work on it may take.
GRACE_SECONDS = 30
FACTORY = "app.cli.worker:create"
ROOT = Path(__file__).resolve().parents[2]
WATCHED = ("app", "handlers", "models", "openapi")

log = structlog.get_logger("charter.serve")


def run_server(settings: Settings, *, reload: bool = False) -> None:
    """Serve until SIGINT or SIGTERM.

    Args:
        settings: checked.
        reload: start anew whenever the code or the document changes.

    Raises:
        Refusal: the document is wrong, the database is behind it, the role lacks a right, the port is taken, a worker
            does not start.
        Unavailable: the database cannot be reached.
    """
    app = _checked_app(settings)
    admin = _prepare_database(settings)
    listener = listen(settings.host, settings.port)
    address = address_of(listener)
    if settings.env == "development":
        _greet(settings, address, admin.password if admin else None)
    log.info("serving", address=address, workers=settings.workers, gateway=settings.gateway)
    if reload or settings.workers > 1:
        bound().reset()
        _supervise(settings, listener, reload=reload)
    else:
        _serve_here(app, listener, settings)


def _checked_app(settings: Settings) -> Any:
    try:
        return create_app(settings)
    except DocumentError as error:
        refuse_document(error.faults)


def _prepare_database(settings: Settings) -> Made | None:
    """Reach the database and bring it up to date; return the first admin, when made just now."""
    with connection():
        refuse_without_rights()
        behind = shortfall(bound())
    if settings.env == "production":
        if behind:
            raise Refusal(f"{behind}: run charter db migrate", exit_code=MISCONFIGURED)
        return first_admin(settings) if settings.admin_password else None
    if behind or role_differences():
        bring_up_to_date(bound(), report=click.echo)
    admin = first_admin(settings)
    if admin and admin.password:
        # At once: whatever is refused after this, the password would be lost.
        click.echo(f"first admin: {settings.admin_email}, password {admin.password} (shown this once)")
    return admin


def _greet(settings: Settings, address: str, password: str | None) -> None:
    body = f'{{"email": "{settings.admin_email}", "password": "{password or "..."}"}}'
    click.echo(
        f"\nCharter answers at {address}\n"
        f"  API        {address}/v1\n"
        f"  reference  {address}/docs\n"
        f"  document   {address}/openapi.json\n"
        f"  admin      {settings.admin_email}\n\n"
        f"Sign in:\n"
        f"  curl -s {address}/v1/auth/login -H 'Content-Type: application/json' -d '{body}'\n\n"
        f"Stop with Ctrl-C.\n"
    )


def _options(settings: Settings) -> dict[str, Any]:
    return {
        # httptools lets an oversized header through to us (431 is ours); h11 answers by itself.
        "http": "app.gateway.protocol:Protocol",
        "loop": "uvloop",
        "ws": "none",
        "lifespan": "on",
        "interface": "asgi3",
        "server_header": False,
        "proxy_headers": False,
        "access_log": False,
        "log_config": None,
        "backlog": BACKLOG,
        "timeout_graceful_shutdown": GRACE_SECONDS,
        "host": settings.host,
        "port": settings.port,
    }


def _serve_here(app: Any, listener: socket.socket, settings: Settings) -> None:
    server = uvicorn.Server(uvicorn.Config(app, **_options(settings)))
    try:
        server.run(sockets=[listener])
    except SystemExit as ended:  # uvicorn's way to say that the application did not start; the log has the trace
        if ended.code:
            raise Refusal("the server did not start: the log says why") from ended


def _supervise(settings: Settings, listener: socket.socket, *, reload: bool) -> None:
    config = uvicorn.Config(
        FACTORY,
        factory=True,
        workers=settings.workers,
        reload=reload,
        reload_dirs=[str(ROOT / folder) for folder in WATCHED] if reload else None,
        reload_includes=["*.py", "*.yaml"] if reload else None,
        **_options(settings),
    )
    with _shared_figures():
        if reload:
            ChangeReload(config, target=uvicorn.Server(config).run, sockets=[listener]).run()
            return
        supervisor = Multiprocess(config, sockets=[listener])
        supervisor.run()
        if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
            raise Refusal("a worker did not start: the log says why")


@contextmanager
def _shared_figures() -> Iterator[None]:
    """Let the workers count into files of one folder, so that /metrics of any tells the sum."""
    with tempfile.TemporaryDirectory(prefix="charter-metrics-") as folder:
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", folder)
        yield
