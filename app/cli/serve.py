"""`charter serve` and `charter dev`: the server."""

import os
import threading
from collections.abc import Callable
from contextlib import ExitStack

import click

from app.cli.errors import FAILED, CommandError
from app.cli.project import current_project
from app.cli.state import serving_from
from app.cli.stopping import print_stopped
from app.libraries import OF_SERVERS, import_libraries
from app.resources import CHECKOUT


@click.command(short_help="Serve the API.")
@click.option("--workers", type=int, help="Number of worker processes, instead of WORKERS.")
@click.option("--host", help="Address to listen on, instead of HOST.")
@click.option("--port", type=int, help="Port to listen on, instead of PORT; 0 chooses a free one.")
def serve(workers: int | None, host: str | None, port: int | None) -> None:
    """Serve the API until Ctrl-C or SIGTERM, and finish running requests first; a second Ctrl-C stops at once.

    In development, this starts PostgreSQL and Valkey under .charter, runs the migrations and creates the first admin.
    In production, it does not start if a variable of the configuration or a migration is missing.
    """
    _run({"WORKERS": workers, "HOST": host, "PORT": port}, reload=False)


@click.command(short_help="Serve the API, and restart after each change.")
@click.option("--host", help="Address to listen on, instead of HOST.")
@click.option("--port", type=int, help="Port to listen on, instead of PORT.")
def dev(host: str | None, port: int | None) -> None:
    """Serve the API, and restart whenever the code or the document changes.

    For development only: CHARTER_ENV is development unless it is set.
    """
    _run({"WORKERS": 1, "HOST": host, "PORT": port}, reload=True)


def _run(options: dict[str, str | int | None], *, reload: bool) -> None:
    from app.cli.bootstrap import is_local, ready_config, state_folder

    if reload:
        if CHECKOUT is None and current_project() is None:
            raise CommandError(
                "charter dev needs a project or a checkout, whose code it watches: "
                "use charter serve with CHARTER_ENV=development, or change to the folder of a project",
                exit_code=FAILED,
            )
        os.environ.setdefault("CHARTER_ENV", "development")
        if not is_local(os.environ):
            raise CommandError("charter dev is not for production: use charter serve", exit_code=FAILED)
    overrides = {name: str(value) for name, value in options.items() if value is not None}
    with ExitStack() as stack:
        if is_local(os.environ):
            stack.enter_context(serving_from(state_folder({**os.environ, **overrides})))
        # The embedded servers start meanwhile.
        threading.Thread(target=_import_server, name="imports", daemon=True).start()
        config = stack.enter_context(ready_config(overrides, cache=True))
        _import_server()(config, reload=reload)
    print_stopped()


def _import_server() -> Callable[..., None]:
    """Import what is needed to serve, and return the function that does."""
    import_libraries(OF_SERVERS)
    from app.cli.startup import run_server

    return run_server
