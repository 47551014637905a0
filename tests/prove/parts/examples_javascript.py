"""The examples for Node and React do what their pages say; React in two tabs of Chromium."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.limits import WIDE_LIMITS
from tests.prove.proof import ROOT, free_port, needed, run, until_reached
from tests.prove.quick_start import PASSWORD, served
from tests.prove.typescript import WORLD, compile_tests, install, node


def prove(place: Path) -> None:
    """Run the commands of both pages in copies of the examples, against a server."""
    chromium = needed("chromium", package="chromium", purpose="open the React example in a browser")
    shutil.copytree(ROOT / "sdk" / "examples", place / "sdk" / "examples")
    port = free_port()
    site = f"http://127.0.0.1:{port}"
    with served(place / "server", **WIDE_LIMITS, CORS_ORIGINS=site) as url:
        _run_node(place / "sdk" / "examples" / "node", url)
        folder = place / "sdk" / "examples" / "react"
        *setting_up, start = _commands(folder)
        _bash(folder, "\n".join(setting_up))
        run("npm", "run", "build", cwd=folder, VITE_CHARTER_URL=url)
        # The commands of the page have built it.
        [archive] = (place / "dist").glob("*.tgz")
        tests = install(place, archive)
        compile_tests(tests, module="NodeNext", resolution="NodeNext")
        with _site(folder, f"{start.strip()} -- --port {port}", site, url):
            given = {"PAGE_URL": site, "CHARTER_URL": url, "CHROMIUM": chromium}
            run(node(), "made/examples/tabs.js", cwd=tests, **WORLD, **given)


def _run_node(folder: Path, url: str) -> None:
    given = {"CHARTER_URL": url, "CHARTER_PASSWORD": PASSWORD, "NEW_PASSWORD": "compiler moth 9 harbour"}
    script = "\n".join(["set -euo pipefail", *_commands(folder)])
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=_environment(**given), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for line in (
        "Signed in as admin@example.com, who is admin.",
        "admin@example.com: no name",
        "You are Ada Lovelace.",
        "Created grace@example.com.",
        "grace@example.com user active",
        "Signed out.",
    ):
        assert line in done.stdout.splitlines(), f"{line} is not in:\n{done.stdout}"
    assert not (folder / "tokens.json").exists()
    out = subprocess.run(
        [node(), "main.js", "me"], cwd=folder, env=_environment(**given), capture_output=True, text=True, check=False
    )
    assert (out.returncode, out.stderr) == (1, "Nobody is signed in: run node main.js sign-in EMAIL.\n"), out.stderr
    print("the Node example did what its page says", flush=True)


@contextmanager
def _site(folder: Path, command: str, site: str, url: str) -> Iterator[None]:
    environment = _environment(VITE_CHARTER_URL=url)
    process = subprocess.Popen(["bash", "-c", f"exec {command}"], cwd=folder, env=environment, start_new_session=True)
    try:
        until_reached(process, lambda: httpx.get(site).raise_for_status(), httpx.HTTPError)
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _commands(folder: Path) -> list[str]:
    """Return the commands of the example's page, a text for each block."""
    text = (folder / "README.md").read_text(encoding="utf-8")
    return [
        re.sub(r"^   ", "", block, flags=re.MULTILINE)
        for block in re.findall(r"^   ```sh\n(.*?)^   ```$", text, re.MULTILINE | re.DOTALL)
    ]


def _bash(folder: Path, script: str) -> None:
    subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, env=_environment(), check=True)


def _environment(**more: str) -> dict[str, str]:
    """Return an environment that has the `charter` of this checkout."""
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", **more}
