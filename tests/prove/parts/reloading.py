"""`charter dev` serves each change within two seconds, what worked last while one is wrong, and every request.

In a checkout, and in a project that uses the wheel.
"""

import os
import re
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx

from tests.command import ROOT, Server
from tests.prove.stores import stores
from tests.waiting import until
from tests.wheel import installed_wheel

FOLDERS = ("app", "charter", "handlers", "models", "openapi", "migrations")
# Of the processor, so that other work on the machine does not count.
MAX_SECONDS = 2.0
HEADER = "charter-faults"


def prove(place: Path) -> None:
    """Change a document and code while a client sends requests, in a checkout and in a project."""
    _prove_checkout(place / "checkout")
    _prove_project(place / "project")


def _prove_checkout(place: Path) -> None:
    print("a checkout")
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, place / folder, ignore=shutil.ignore_patterns("__pycache__"))
    with stores(place / "stores") as given:
        variables = {**given, "CHARTER_ENV": "development", "CHARTER_STATE": str(place / "state")}
        server = Server("dev", root=place, **variables)
        address = server.address()
        with requests(address):
            _serves_changes(server, address, place / "openapi" / "openapi.yaml")
            _goes_on(server, address, place / "openapi" / "paths" / "me.yaml", "get:", "\tget:", "A tab is used")
            _goes_on(server, address, place / "handlers" / "me.py", "def get_me(", "def get_me((", "not Python")
            _goes_on(server, address, place / "app" / "errors.py", "class Internal(", "clas Internal(", "not Python")
            _waits_for_the_last_file(server, address, place / "openapi")
        assert server.end(signal.SIGINT) == 0


def _prove_project(place: Path) -> None:
    print("a project")
    shop, wheel = place / "shop", place / "wheel"
    shutil.copytree(installed_wheel(), wheel)
    shutil.copytree(ROOT / "tests" / "sample_project", shop, ignore=shutil.ignore_patterns("__pycache__"))
    with stores(place / "stores") as given:
        server = Server("dev", root=shop, module="charter", **given, PYTHONPATH=str(wheel))
        address = server.address()
        with requests(address):
            _serves_changes(server, address, shop / "openapi" / "openapi.yaml")
            _goes_on(server, address, shop / "openapi" / "paths" / "project.yaml", "get:", "\tget:", "A tab is used")
            overlay = shop / "openapi" / "overlay.yaml"
            _goes_on(server, address, overlay, "x-rate-limit: default", "x-rate-limit: defualt", "no bucket defualt")
            _goes_on(server, address, shop / "handlers" / "projects.py", "import Any", "import Anny", "Anny")
            _goes_on(server, address, shop / "services" / "projects.py", "def create(", "def create((", "not Python")
            _warns_of_models(server, shop)
        assert server.end(signal.SIGINT) == 0


def _warns_of_models(server: Server, shop: Path) -> None:
    print("a model without its column, and a migration that has not run")
    model, count = shop / "models" / "project.py", len(server.lines)
    sound = model.read_text("utf-8")
    model.write_text(
        sound.replace("    version = version()\n", "    version = version()\n    colour = text(max_length=20)\n"),
        "utf-8",
    )
    told = re.compile("charter: warning: the tables and the models differ: .*projects: column colour")
    until(lambda: told.search("".join(server.lines[count:])), lambda: server.printed)
    count = len(server.lines)
    [migration] = (shop / "migrations").glob("*.py")
    added = migration.with_name("2026-12-01-12-00-colours.py")
    added.write_text(migration.read_text("utf-8").replace("projects", "colours"), "utf-8")
    behind = "charter: warning: the database is 1 migration behind: run CHARTER_ENV=development charter db migrate"
    until(lambda: behind in "".join(server.lines[count:]), lambda: server.printed)
    added.unlink()
    model.write_text(sound, "utf-8")


@contextmanager
def requests(address: str) -> Iterator[None]:
    """Send requests all the time, each on a connection of its own.

    Raises:
        AssertionError: one was refused, or got an error.
    """
    problems, over, sent = [], threading.Event(), 0

    def send() -> None:
        nonlocal sent
        while not over.is_set():
            try:
                status = httpx.get(f"{address}/v1/settings/public", timeout=60).status_code
            except httpx.HTTPError as error:
                problems.append(repr(error))
            else:
                sent += 1
                if status != 200:
                    problems.append(f"status {status}")

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(60)
    print(f"{sent} requests while processes were replaced, {len(problems)} lost")
    assert sent > 20
    assert problems == []


def _serves_changes(server: Server, address: str, file: Path) -> None:
    for title in ("Changed once", "Changed twice"):
        waiting, used = _waiting_process(server.process.pid)
        began = time.monotonic()
        lines = file.read_text("utf-8").splitlines()
        lines = [f"  title: {title}" if line.startswith("  title: ") else line for line in lines]
        # As editors save: another file takes the place of this one.
        other = file.with_suffix(".yaml.tmp")
        other.write_text("\n".join(lines) + "\n", "utf-8")
        other.replace(file)
        until(partial(_has_title, address, title))
        seconds = _processor_seconds(waiting) - used
        print(f"a change of the document: {time.monotonic() - began:.1f} s, {seconds:.2f} s of the processor")
        assert seconds < MAX_SECONDS


def _goes_on(server: Server, address: str, file: Path, old: str, new: str, told: str) -> None:
    print(f"a mistake in {file.name}")
    sound = file.read_text("utf-8")
    assert old in sound
    count, replaced = len(server.lines), server.printed.count("serving the change")
    file.write_text(sound.replace(old, new, 1), "utf-8")
    until(lambda: any("still serving" in line for line in server.lines[count:]), lambda: server.printed)
    shown = "".join(server.lines[count:])
    assert f"/{file.name}:" in shown, shown
    assert told in shown, shown
    assert "Traceback" not in shown, shown
    until(lambda: file.name in _header(address), lambda: f"{_header(address)}\n{server.printed}")
    file.write_text(sound, "utf-8")
    until(lambda: server.printed.count("serving the change") > replaced, lambda: server.printed)
    until(lambda: not _header(address), lambda: f"{_header(address)}\n{server.printed}")


def _waits_for_the_last_file(server: Server, address: str, folder: Path) -> None:
    print("two files saved one after the other are one change")
    count = server.printed.count("changed: ")
    before = server.printed.count("serving the change")
    for name in ("paths/me.yaml", "paths/role.yaml"):
        path = folder / name
        path.write_text(path.read_text("utf-8") + "# saved\n", "utf-8")
    until(lambda: server.printed.count("serving the change") > before, lambda: server.printed)
    assert server.printed.count("changed: ") == count + 1, server.printed
    assert httpx.get(f"{address}/health/live").status_code == 200


def _has_title(address: str, title: str) -> bool:
    return bool(httpx.get(f"{address}/openapi.json", timeout=60).json()["info"]["title"] == title)


def _header(address: str) -> str:
    return str(httpx.get(f"{address}/health/live", timeout=60).headers.get(HEADER, ""))


def _waiting_process(parent: int) -> tuple[int, float]:
    """Return the process that will serve the next change, and what it has used when it has imported its packages."""

    def found() -> tuple[int, float] | None:
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        if len(children) != 2:
            return None
        newest = max(map(int, children))
        used = _processor_seconds(newest)
        time.sleep(1)
        return (newest, used) if used > 0.2 and _processor_seconds(newest) == used else None

    waiting = until(found)
    assert waiting
    return waiting


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
