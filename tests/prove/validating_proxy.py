"""Prism between a client and a server: it compares each request and each response with the document."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.prove.proof import free_port
from tests.prove.tools import fetch_node

PRISM = "@stoplight/prism-cli@5.16.0"
_START_SECONDS = 60


@contextmanager
def validating_proxy(place: Path, url: str, document: dict[str, Any]) -> Iterator[str]:
    """Run Prism in front of a server, and give its URL. What does not match the document is replaced by an error.

    Args:
        place: the folder of the proof.
        url: of the server.
        document: the document as a bundle.

    Raises:
        Skipped: Prism cannot be fetched.
    """
    prism = fetch_node(place, PRISM) / "prism"
    written = place / "openapi.json"
    written.write_text(json.dumps(document), encoding="utf-8")
    port = free_port()
    log = place / "prism.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(prism), "proxy", "--errors", "--port", str(port), str(written), url],
            stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + _START_SECONDS
        while "Prism is listening" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
