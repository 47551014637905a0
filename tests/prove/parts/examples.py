"""The examples run as their page says, and the resource servers accept the right tokens and no others."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.limits import WIDE_LIMITS
from tests.prove import pins
from tests.prove.examples import notes
from tests.prove.interpreters import run_pip
from tests.prove.proof import ROOT, connect, free_port, needed, run, until_reached
from tests.prove.quick_start import served

PAGE = ROOT / "docs" / "quick-starts.md"
SECRET = "a secret of the proof that is long enough"


def prove(place: Path) -> None:
    """Do what the page says in a copy of the examples, then try tokens on each resource server."""
    needed("npm", package="npm", purpose="install the example for Express")
    walk = place / "walk"
    shutil.copytree(ROOT / "sdk" / "examples", walk / "sdk" / "examples")
    with served(place / "server", JWT_SECRET=SECRET, **WIDE_LIMITS) as url:
        page = Page(walk, url)
        page.run("Python")
        for name in ("FastAPI", "Express"):
            page.run(name)
            with page.serving(name) as app:
                page.ask(app)
                notes.check_shared_secret(app, url, SECRET)
            with page.serving(name, SESSION_SECONDS="600") as app:
                notes.check_remembered(app, url)
            with page.issuer() as issuer, page.serving(name, charter=issuer, KEYS_COOLDOWN_SECONDS="0") as app:
                notes.check_public_keys(app, notes.Issuer(issuer), url)
            print(f"{name}: every token was accepted or refused as it must be", flush=True)
        stopped = page.serving("FastAPI"), page.serving("Express")
    with contextlib.ExitStack() as stack:
        for app in map(stack.enter_context, stopped):
            assert notes.status(app, "x") == 503, "nobody says whether the token is valid"
    page.check_types()


class Page:
    """The page of quick starts: its commands, by heading; the last block of a service starts it.

    Args:
        walk: the folder in which they run, with a copy of the examples.
        charter: the URL of Charter.
    """

    def __init__(self, walk: Path, charter: str) -> None:
        self._walk, self._charter = walk, charter
        sections = re.split(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
        self._blocks = {
            name: re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
            for name, text in zip(sections[::2], sections[1::2], strict=True)
        }

    def run(self, name: str) -> None:
        """Run the commands that install; the last one of a service is left out."""
        lines = self._blocks[name][0].splitlines()
        print(f"{name}: {' && '.join(lines)}", flush=True)
        self._bash("\n".join(lines if name == "Python" else lines[:-1]))

    def ask(self, app: str) -> None:
        """Use a service as the page says, up to the sign-out, after which the same token is refused."""
        _, use, sign_out = self._blocks["FastAPI"]
        told = self._bash(f"{use}\n{sign_out}", NOTES_URL=app)
        assert told.count("Buy milk.") == 1, told
        assert told.rstrip().endswith('"}'), told
        assert "its session has ended" in told, told

    @contextlib.contextmanager
    def serving(self, name: str, *, charter: str = "", **variables: str) -> Iterator[str]:
        """Start a service as the page says, at another port; give its URL."""
        port = free_port()
        command = self._blocks[name][0].splitlines()[-1].replace("3000", str(port))
        folder = self._walk / (re.findall(r"^cd (\S+)$", self._blocks[name][0], re.MULTILINE) or ["."])[0]
        with self._process(["bash", "-c", f"exec env {command}"], folder, charter, **variables) as process:
            until_reached(process, lambda: connect(port), OSError)
            yield f"http://127.0.0.1:{port}"

    @contextlib.contextmanager
    def issuer(self) -> Iterator[str]:
        """Start the stand-in that signs with public keys; give its URL."""
        words = [str(self._walk / "notes" / "bin" / "python"), str(Path(notes.__file__).with_name("issuer.py"))]
        with self._process([*words, self._charter], self._walk, "") as process:
            assert process.stdout
            yield process.stdout.readline().strip()

    def check_types(self) -> None:
        """Check the examples with mypy in its strict mode."""
        python = self._walk / "notes" / "bin" / "python"
        run_pip(python, "install", "--quiet", pins.MYPY)
        for folder in ("python", "fastapi"):
            run(str(python), "-m", "mypy", "--strict", ".", cwd=self._walk / "sdk" / "examples" / folder)

    def _bash(self, text: str, **variables: str) -> str:
        environment = {**self._environment(""), **variables}
        words = ["bash", "-c", f"set -euo pipefail\n{text}"]
        done = subprocess.run(
            words,
            cwd=self._walk,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    @contextlib.contextmanager
    def _process(
        self, words: list[str], folder: Path, charter: str, **variables: str
    ) -> Iterator["subprocess.Popen[str]"]:
        environment = {**self._environment(charter), **variables}
        process = subprocess.Popen(
            words, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)

    def _environment(self, charter: str) -> dict[str, str]:
        programs = Path(sys.executable).parent
        return {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "CHARTER_URL": charter or self._charter}
