"""Start the server from a checked configuration, and run it until it stops.

This process checks everything before it binds the port, and binds the port before it starts a worker. The process that
answers requests listens on the port.
"""

import os
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import structlog

from app.cli.differences import report_differences_soon
from app.cli.errors import MISCONFIGURED, CommandError, raise_document_errors, require_rights
from app.cli.first_admin import CreatedAdmin, ensure_admin
from app.cli.listening import BACKLOG, address_of, bind_port
from app.cli.migrating import bring_up_to_date, describe_missing, reject_other_encodings, role_differences
from app.cli.project import current_project, watched_folders
from app.cli.serving import serve_here
from app.cli.stopping import print_line
from app.config import Config
from app.config_names import misspelt_variables
from app.database import connection
from app.database.binding import current_database
from app.factory import create_app
from app.observability.multiprocess import MetricsFolderError, WorkerMetrics, shared_folder
from app.resources import CHECKOUT, PACKAGES
from app.spec.document import DocumentError

WATCHED = ("app", "charter", "handlers", "migrations", "models", "openapi")

log = structlog.get_logger("charter.serve")

_MIGRATE = "run charter db migrate once no server of the release before is needed any more"


def run_server(config: Config, *, reload: bool = False) -> None:
    """Serve until a signal to stop.

    Args:
        config: the checked configuration.
        reload: restart whenever the code or the document changes.

    Raises:
        CommandError: the document is wrong, the database is behind, the role lacks a right, the port is taken, or a
            worker does not start.
        Unavailable: the database cannot be reached.
    """
    app = _checked_app(config)
    _warn_of_misspelt_variables()
    admin = _prepare_database(config)
    listener = bind_port(config.host, config.port)
    address = address_of(listener)

    def ready() -> None:
        if config.env == "development":
            _greet(config, address, admin.password if admin else None)
            if not reload:
                report_differences_soon()
        log.info("serving", address=address, workers=config.workers, gateway=config.gateway)

    if reload or config.workers > 1:
        current_database().reset()
    if reload:
        _serve_and_reload(listener, ready)
    elif config.workers > 1:
        _supervise(listener, config, ready)
    else:
        serve_here(app, listener, config, ready)


def _checked_app(config: Config) -> Any:
    try:
        return create_app(config, project=current_project())
    except DocumentError as error:
        raise_document_errors(error.faults)


def _warn_of_misspelt_variables() -> None:
    for name, meant in misspelt_variables(os.environ):
        # The value stays out: it may be a secret.
        log.warning("unknown variable", variable=name, fix=f"did you mean {meant}?")


def _prepare_database(config: Config) -> CreatedAdmin | None:
    """Connect to the database and bring it up to date; return the first admin if it was made just now."""
    with connection():
        reject_other_encodings()
        require_rights()
        behind = describe_missing(current_database())
    if config.env == "production":
        if behind:
            raise CommandError(f"{behind}: run charter db migrate", exit_code=MISCONFIGURED)
        if surplus := role_differences():
            # A server of the release before may still be needed, so this does not prevent the start.
            log.warning("roles", problem=f"the built-in roles differ from permissions.yaml: {surplus}", fix=_MIGRATE)
        return ensure_admin(config) if config.admin_password else None
    if behind or role_differences():
        bring_up_to_date(current_database(), report=print_line)
    admin = ensure_admin(config)
    if admin and admin.password:
        # Print it now: if the start fails later, the password would be lost.
        print_line(f"first admin: {config.admin_email}, password {admin.password} (shown this once)")
    return admin


def _greet(config: Config, address: str, password: str | None) -> None:
    body = f'{{"email": "{config.admin_email}", "password": "{password or "..."}"}}'
    reference = f"  reference  {address}/docs\n" if config.reference_pages else ""
    project = current_project()
    served = f"The project {project.name} is served with Charter" if project else "Charter serves"
    print_line(
        f"\n{served} at {address}\n"
        f"  API        {address}/v1\n"
        f"{reference}"
        f"  document   {address}/openapi.json\n"
        f"  admin      {config.admin_email}\n\n"
        f"Sign in:\n"
        f"  curl -s {address}/v1/auth/login -H 'Content-Type: application/json' -d '{body}'\n\n"
        f"Stop with Ctrl-C.\n"
    )


def _supervise(listener: socket.socket, config: Config, ready: Callable[[], None]) -> None:
    from app.cli.supervisor import Supervisor

    try:
        with shared_folder(config.metrics_dir):
            supervisor = Supervisor(
                _worker_command,
                workers=config.workers,
                listener=listener,
                stop_seconds=config.drain + config.grace_seconds,
                ready=ready,
                metrics=WorkerMetrics(),
            )
            if not supervisor.run():
                raise CommandError("a worker did not start: see the log")
    except MetricsFolderError as error:
        raise CommandError(str(error), exit_code=MISCONFIGURED) from error


def _worker_command(*numbers: int) -> Sequence[str]:
    # `-m` would look for the package in the working directory before the place of this one.
    begin = f"from {__package__} import starting; starting.begin_worker()"
    code = f"import sys; sys.path.insert(0, {str(PACKAGES)!r}); {begin}; from {__package__}.worker import main; main()"
    return [sys.executable, "-P", "-c", code, *map(str, numbers)]


def _watched() -> list[Path]:
    if project := current_project():
        return [Path(folder) for folder in watched_folders(project)]
    assert CHECKOUT is not None
    return [CHECKOUT / folder for folder in WATCHED]


def _serve_and_reload(listener: socket.socket, ready: Callable[[], None]) -> None:
    # Listening begins here, so that requests wait while no process accepts them.
    listener.listen(BACKLOG)
    from app.cli.reloading import Reloader

    Reloader(listener, _watched(), ready).run()
