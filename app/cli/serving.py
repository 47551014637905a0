"""A server that runs in this process: its options, and how it is started and stopped."""

import socket
from collections.abc import Callable
from typing import Any

import structlog
import uvicorn

from app.cli.errors import CommandError
from app.cli.listening import BACKLOG, MOCK, SERVER, Names, address_of, bind_port, is_loopback
from app.cli.server import Server
from app.cli.stopping import print_line, release_signals
from app.config import Config
from app.gateway.http.protocol import protocol_factory
from app.services.health import begin_draining

log = structlog.get_logger("charter.serve")

_REACHABLE = (
    "warning: other machines can reach this mock, and everybody knows the passwords of its accounts: "
    "leave --host out, unless they must reach it"
)


def options(config: Config) -> dict[str, Any]:
    """Return the options of uvicorn, each with the reason for its value."""
    return {
        # Charter's own reader (app/gateway/http): an invalid request gets a response in the envelope.
        "http": protocol_factory(config),
        "loop": "uvloop",
        "ws": "none",
        "lifespan": "on",
        "interface": "asgi3",
        "server_header": False,
        "date_header": True,
        # The gateway reads forwarded headers, and only those from TRUSTED_PROXIES.
        "proxy_headers": False,
        "access_log": False,
        "log_config": None,
        # The number of connections that may wait to be accepted.
        "backlog": BACKLOG,
        # Longer than a load balancer keeps an idle connection, so that it never sends on one that is being closed.
        "timeout_keep_alive": config.keep_alive_seconds,
        "timeout_graceful_shutdown": config.grace_seconds,
        # The queues of the executors are bounded and answer in the envelope; uvicorn would answer 503 in plain text.
        "limit_concurrency": None,
        # Workers do not grow with the number of requests, so none needs to be replaced.
        "limit_max_requests": None,
        # The supervisor gets the heartbeat of each worker from `Server.on_tick` instead.
        "callback_notify": None,
        "host": config.host,
        "port": config.port,
    }


def one_server(app: Any, config: Config, *, names: Names = SERVER, **hooks: Callable[[], Any]) -> Server:
    """Return the server of one process.

    Args:
        names: what sets the host and the port, for messages.
        hooks: `ready`, `heartbeat`, `drain` and `closes_port` of Server.
    """
    return Server(
        uvicorn.Config(app, **options(config)),
        drain_seconds=config.drain,
        send_seconds=config.send_seconds,
        names=names,
        **{"drain": begin_draining, **hooks},
    )


def serve_here(
    app: Any, listener: socket.socket, config: Config, ready: Callable[[], None], *, names: Names = SERVER
) -> None:
    """Serve an application in this process until a signal to stop.

    Args:
        listener: a bound socket.
        ready: called when requests can be answered.
        names: what sets the host and the port, for messages.

    Raises:
        CommandError: the application did not start, or the port is taken by now.
    """

    def drain() -> None:
        log.info("stopping", drain_seconds=config.drain)
        begin_draining()

    server = one_server(app, config, names=names, ready=ready, drain=drain)
    release_signals()
    try:
        server.run([listener])
    except SystemExit as ended:  # uvicorn raises it if the application did not start; the log has the trace
        if ended.code:
            raise CommandError("the server did not start: see the log") from ended


def serve_mock(app: Any, config: Config, greet: Callable[[str], None]) -> None:
    """Serve the application of a mock in this process until a signal to stop.

    Args:
        greet: called with the address when requests can be answered.

    Raises:
        CommandError: the port is taken.
    """
    listener = bind_port(config.host, config.port, MOCK)
    address = address_of(listener)

    def ready() -> None:
        greet(address)
        if not is_loopback(listener):
            print_line(_REACHABLE, err=True)
        log.info("serving", address=address, gateway="mock")

    serve_here(app, listener, config, ready, names=MOCK)
