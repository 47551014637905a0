"""A Charter that somebody starts as the README says, and what they do first with it."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.command import clean_environment
from tests.limits import WIDE_LIMITS
from tests.prove.proof import CHARTER, ROOT, run

START_SECONDS = 600
EMAIL, PASSWORD = "admin@example.com", "a prooflike passphrase 41"
ADMIN = {"CHARTER_ADMIN_PASSWORD": PASSWORD, "PORT": "0"}


@contextmanager
def started(
    words: Sequence[str], log: Path, *, cwd: Path | str, environment: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Start a server, give its URL, and stop it as Ctrl-C does.

    Args:
        words: the command; it makes or finds the admin of ADMIN.
        log: takes what it prints.
        environment: the whole of it; absent: that of this process with ADMIN.

    Raises:
        AssertionError: it does not start in time, or does not stop as it should.
    """
    variables = {**os.environ, **ADMIN} if environment is None else dict(environment)
    # A make that knows of the one above it prints which folder it leaves.
    for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
        variables.pop(name, None)
    with log.open("w") as output:
        server = subprocess.Popen(
            words, cwd=cwd, env=variables, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        yield _address(server, log)
    finally:
        os.killpg(server.pid, signal.SIGINT)
        code = server.wait(60)
    # make itself ends as the signal would have it.
    assert code in (0, -signal.SIGINT), f"{' '.join(words)} ended with {code}: {log.read_text()}"
    assert log.read_text().rstrip().endswith("stopped"), log.read_text()


def development(place: Path, **variables: str) -> dict[str, str]:
    """Return the whole environment of a server in development that has its first admin, and its state in a folder."""
    state = str(place / "state")
    return clean_environment(HOME=str(place), CHARTER_ENV="development", CHARTER_STATE=state, **(ADMIN | variables))


@contextmanager
def served(place: Path, *, cwd: Path = ROOT, **variables: str) -> Iterator[str]:
    """Run a server in development; give its URL.

    Args:
        place: the folder of its state and its log.
        cwd: where it is started; its code may be there.
        variables: more settings.
    """
    place.mkdir(exist_ok=True)
    environment = development(place, **variables)
    with started([*CHARTER, "serve"], place / "server.log", cwd=cwd, environment=environment) as url:
        yield url


@contextmanager
def mocked(place: Path) -> Iterator[str]:
    """Run a mock with wide limits, which logs into a folder; give its URL."""
    words, environment = [*CHARTER, "mock", "--port", "0"], clean_environment(**WIDE_LIMITS)
    with started(words, place / "mock.log", cwd=ROOT, environment=environment) as url:
        yield url


def _address(server: "subprocess.Popen[bytes]", log: Path) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if found := re.search(r"(?:API +|serving.*?)(http://[^\s/\"]+)", log.read_text()):
            return found[1]
        assert server.poll() is None, log.read_text()
        time.sleep(0.2)
    raise AssertionError(f"it did not start: {log.read_text()}")


def sign_in(url: str) -> str:
    """Sign in as the first admin and return the access token."""
    response = httpx.post(f"{url}/v1/auth/login", json={"email": EMAIL, "password": PASSWORD}, timeout=30)
    assert response.status_code == 200, response.text
    return str(response.json()["data"]["access_token"])


def walk(url: str, *, cwd: Path, password: str = PASSWORD) -> None:
    """Do the README's walk, then look at what answers without a token."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
    run("bash", "-c", "\n".join(["set -euo pipefail", *blocks]), cwd=cwd, API=url, ADMIN_PASSWORD=password)
    health, page = httpx.get(f"{url}/health"), httpx.get(f"{url}/docs")
    assert health.json()["status"] in ("ok", "degraded"), health.text
    assert 'id="reference"' in page.text, page.text
