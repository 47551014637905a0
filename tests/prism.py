"""Prism as a proxy that compares each request and each response with the document, and refuses what does not match."""

import atexit
import json
import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from tests.document import DOCUMENT
from tests.waiting import until

# The program, and the document if it is another than ours: with both, the tests of the Python package go through it.
PROGRAM, OTHER_DOCUMENT = "CHARTER_TEST_PRISM", "CHARTER_TEST_PRISM_DOCUMENT"
_run = ExitStack()
atexit.register(_run.close)


@cache
def address_of(service: str) -> str:
    """Return the URL by which tests reach a service: its own, or one that leads through Prism until the run ends."""
    program = os.environ.get(PROGRAM)
    if not program:
        return service
    folder = Path(_run.enter_context(tempfile.TemporaryDirectory(prefix="charter-prism-")))
    document = Path(os.environ.get(OTHER_DOCUMENT) or folder / "openapi.json")
    if not document.exists():
        document.write_text(json.dumps(DOCUMENT.bundle))
    return _run.enter_context(proxied(program, document, service, folder / "log"))


@contextmanager
def proxied(program: str, document: Path, service: str, log: Path) -> Iterator[str]:
    """Start Prism in front of a service; give its URL. What does not match the document is replaced by an error.

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
