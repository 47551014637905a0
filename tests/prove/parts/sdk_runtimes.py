"""The TypeScript package works in Node, Deno, Bun, workerd, and Chromium, in pages and in workers."""

import os
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.limits import WIDE_LIMITS
from tests.prove import pins
from tests.prove.proof import Skipped, free_port, needed, run
from tests.prove.quick_start import served
from tests.prove.tools import fetch_node
from tests.prove.typescript import WORLD, build, compile_tests, install, node, program

_LONGEST_SECONDS = 60
_WORKERD = """
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "walk", worker = .walk), (name = "out", network = (allow = ["local", "private", "public"]))],
  sockets = [(name = "http", address = "127.0.0.1:{port}", http = (), service = "walk")]
);
const walk :Workerd.Worker = (
  modules = [(name = "walk.js", esModule = embed "workerd.bundle.js")],
  compatibilityDate = "2026-01-01",
  globalOutbound = "out",
  bindings = [
    (name = "CHARTER_URL", fromEnvironment = "CHARTER_URL"),
    (name = "CHARTER_ADMIN_PASSWORD", fromEnvironment = "CHARTER_ADMIN_PASSWORD")
  ]
);
"""


@dataclass(frozen=True, slots=True)
class _Way:
    """What each walk needs.

    Attributes:
        place: the folder of the proof.
        folder: where the package and the compiled tests are.
        url: of the server.
        page_port: of the pages that may call the server from a browser.
    """

    place: Path
    folder: Path
    url: str
    page_port: int

    def run(self, *words: str | Path, **more: str) -> None:
        """Run a program, which finds the server in its environment."""
        run(*(str(word) for word in words), cwd=self.folder, **WORLD, CHARTER_URL=self.url, **more)

    def bundle(self, name: str, form: str) -> None:
        """Make one file of a program and the package."""
        words = [f"made/runtimes/{name}.js", "--bundle", f"--format={form}", f"--outfile=made/{name}.bundle.js"]
        self.run(program(self.folder, "esbuild"), *words, "--log-level=warning")


def prove(place: Path) -> None:
    """Take the same walk through the package in each runtime.

    Raises:
        Skipped: a runtime is missing; the walk was taken in the others.
    """
    folder = install(place, build(place / "built"))
    compile_tests(folder, module="NodeNext", resolution="NodeNext")
    absent, page_port = [], free_port()
    origins = f"http://127.0.0.1:{page_port}"
    with served(place / "server", **WIDE_LIMITS, CORS_ORIGINS=origins) as url:
        way = _Way(place, folder, url, page_port)
        for name, walk in _WALKS.items():
            print(f"{name}:", flush=True)
            try:
                walk(way)
            except Skipped as reason:
                print(f"!! NOT RUN: {reason}")
                absent.append(name)
    if absent:
        raise Skipped(f"the others passed, and these did not run: {', '.join(absent)}")


def _in_node(name: str) -> Callable[[_Way], None]:
    return lambda way: way.run(node(), f"made/runtimes/{name}")


def _in_deno(way: _Way) -> None:
    deno = fetch_node(way.place, pins.DENO) / "deno"
    rights = ["--no-lock", "--allow-net", "--allow-env", "--node-modules-dir=manual"]
    way.run(deno, "run", *rights, "made/runtimes/main.js", DENO_DIR=str(way.place))


def _in_bun(way: _Way) -> None:
    way.run(fetch_node(way.place, pins.BUN) / "bun", "made/runtimes/main.js")


def _in_workerd(way: _Way) -> None:
    workerd = fetch_node(way.place, pins.WORKERD) / "workerd"
    way.bundle("workerd", "esm")
    port = free_port()
    (way.folder / "made" / "walk.capnp").write_text(_WORKERD.replace("{port}", str(port)))
    given = {**os.environ, **WORLD, "CHARTER_URL": way.url}
    words = [workerd, "serve", "made/walk.capnp"]
    process = subprocess.Popen(words, cwd=way.folder, env=given, start_new_session=True)
    try:
        # It is tried again until somebody listens.
        with httpx.Client(transport=httpx.HTTPTransport(retries=8), timeout=_LONGEST_SECONDS) as client:
            response = client.get(f"http://127.0.0.1:{port}/")
        assert response.status_code == 200, response.text
        print(response.text, flush=True)
    finally:
        # The program that npm installs is the parent of the one that serves.
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(_LONGEST_SECONDS)


def _in_chromium(way: _Way) -> None:
    chromium = needed("chromium", package="chromium", purpose="run the TypeScript package in a browser")
    way.bundle("page", "iife")
    way.run(node(), "made/runtimes/chromium.js", CHROMIUM=chromium, PAGE_PORT=str(way.page_port))


_WALKS: dict[str, Callable[[_Way], None]] = {
    "Node, ES modules": _in_node("main.js"),
    "Node, CommonJS": _in_node("required.cjs"),
    "Node, a worker thread": _in_node("thread.js"),
    "Deno": _in_deno,
    "Bun": _in_bun,
    "workerd": _in_workerd,
    "Chromium": _in_chromium,
}
