"""Serves the engine floor the way `charter serve` serves. Usage: serving bare|logged PORT"""

import os
import socket
import sys

from app.cli.serving import one_server
from app.config import Config
from tests.bench import charter
from tests.bench.driver import HOST


def main(name: str, port: int) -> None:
    """Serve until SIGTERM."""
    app = {"bare": charter.bare, "logged": charter.logged}[name]()
    with socket.create_server((HOST, port)) as listener:
        one_server(app, Config.from_environment(os.environ)).run([listener])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
