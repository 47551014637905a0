"""`charter serve` and `charter dev`: the server."""

import os
import select
import sys
from contextlib import ExitStack

import click

from app.cli.refusals import FAILED, Refusal
from app.cli.state import serving_from
from app.cli.stopping import tell
from app.resources import CHECKOUT


@click.command(short_help="Serve the API until told to stop.")
@click.option("--workers", type=int, help="Worker processes, instead of WORKERS.")
@click.option("--host", help="Address to listen on, instead of HOST.")
@click.option("--port", type=int, help="Port to listen on, instead of PORT; 0 takes a free one.")
def serve(workers: int | None, host: str | None, port: int | None) -> None:
    """Serve until Ctrl-C or SIGTERM, then finish what is under way; a second Ctrl-C ends it at once.

    In development this starts PostgreSQL and Valkey under .charter, migrates, and makes the first admin. In production
    it refuses to start when a setting is missing or the database is behind.
    """
    _run({"WORKERS": workers, "HOST": host, "PORT": port}, reload=False)


@click.command()
@click.option("--host", help="Address to listen on, instead of HOST.")
@click.option("--port", type=int, help="Port to listen on, instead of PORT.")
def dev(host: str | None, port: int | None) -> None:
    """Serve, and start anew whenever the code or the document changes.

    For development only: CHARTER_ENV is development unless it is set.
    """
    _run({"WORKERS": 1, "HOST": host, "PORT": port}, reload=True)


def _run(options: dict[str, str | int | None], *, reload: bool) -> None:
    from app.cli.bootstrap import is_local, ready_config, state_folder
    from app.cli.serving import run_server

    if reload:
        if CHECKOUT is None:
            raise Refusal(
                "charter dev starts anew when the code of a checkout changes, and this is an installed package: "
                "use charter serve with CHARTER_ENV=development, or work in a checkout",
                exit_code=FAILED,
            )
        os.environ.setdefault("CHARTER_ENV", "development")
        if not is_local(os.environ):
            raise Refusal("charter dev is not for production: use charter serve", exit_code=FAILED)
    overrides = {name: str(value) for name, value in options.items() if value is not None}
    with ExitStack() as whole:
        if is_local(os.environ):
            whole.enter_context(serving_from(state_folder({**os.environ, **overrides})))
        config = whole.enter_context(ready_config(overrides, cache=True))
        run_server(config, reload=reload)
    # A reader that has stalled must not keep the process from its end.
    if sys.stderr is not None and select.select([], [sys.stderr], [], 0)[1]:
        tell("stopped", err=True)
