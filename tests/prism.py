"""Prism as a proxy that compares each request and each response with the document, and refuses what does not match."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.waiting import until

# The program, and the document if it is another than ours: with both, the tests of the Python package go through it.
PROGRAM, OTHER_DOCUMENT = "CHARTER_TEST_PRISM", "CHARTER_TEST_PRISM_DOCUMENT"


@contextmanager
def proxied(program: str, document: Path, service: str, log: Path) -> Iterator[str]:
    """Start Prism in front of a service; give its URL.

    Args:
        log: takes what it prints.
    """
    with socket.create_server(("127.0.0.1", 0)) as chosen:
        port = chosen.getsockname()[1]
    words = [program, "proxy", "--errors", "--host", "127.0.0.1", "--port", str(port), str(document), service]
    with log.open("wb") as output:
        process = subprocess.Popen(words, env=os.environ, stdout=output, stderr=output, start_new_session=True)
    try:
        until(lambda: _listens(port) or process.poll() is not None, log.read_text)
        assert process.poll() is None, log.read_text()
        yield urlsplit(service)._replace(netloc=f"127.0.0.1:{port}").geturl()
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
