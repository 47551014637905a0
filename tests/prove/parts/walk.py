"""`make run` in a fresh clone serves the README's walk, and Ctrl-C stops it."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import httpx

from tests.prove.proof import ROOT, run

START_SECONDS = 600


def prove(place: Path) -> None:
    """Clone, start `make run`, follow the walk over the wire, and stop it."""
    clone = place / "clone"
    run("git", "clone", "--quiet", str(ROOT), str(clone))
    password = "a prooflike passphrase 41"
    printed = place / "run.log"
    variables = {"PORT": "0", "CHARTER_ADMIN_PASSWORD": password, "CHARTER_STATE": str(place / "state")}
    with printed.open("w") as log:
        server = subprocess.Popen(
            ["make", "run"],
            cwd=clone,
            env={**os.environ, **variables},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        url = address(server, printed)
        readme = (clone / "README.md").read_text(encoding="utf-8")
        blocks = re.findall(r"^```sh\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
        script = "\n".join(["set -euo pipefail", *blocks])
        run("bash", "-c", script, cwd=clone, API=url, ADMIN_PASSWORD=password)
        assert httpx.get(f"{url}/health").json()["status"] in ("ok", "degraded")
        assert "swagger-ui" in httpx.get(f"{url}/docs").text
    finally:
        os.killpg(server.pid, signal.SIGINT)
        code = server.wait(60)
    # make itself ends as the signal would have it.
    assert code in (0, -signal.SIGINT), f"make run ended with {code}: {printed.read_text()}"
    assert printed.read_text().rstrip().endswith("stopped")


def address(server: "subprocess.Popen[bytes]", printed: Path) -> str:
    """Return the URL that a development server prints once it serves.

    Raises:
        AssertionError: it ended, or does not serve in time.
    """
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if found := re.search(r"API\s+(http://[^\s/]+)", printed.read_text()):
            return found[1]
        assert server.poll() is None, printed.read_text()
        time.sleep(0.2)
    raise AssertionError(f"make run did not start: {printed.read_text()}")
