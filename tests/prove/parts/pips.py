"""Set-up from nothing with old and new pips on every Python here, while newer releases of everything are offered."""

import json
import os
import re
import subprocess
import time
from pathlib import Path

from tests.house.locks import NEWER, offer_lock, offer_newer
from tests.house.locks import pins as locked
from tests.prove import pins
from tests.prove.interpreters import VERSIONS, environment, interpreters
from tests.prove.pins import Pin
from tests.prove.proof import Skipped, clone
from tests.prove.quick_start import ADMIN, sign_in, started


def prove(place: Path) -> None:
    """Set up with each, and sign in."""
    newer = place / "newer"
    newer.mkdir()
    offer_newer(newer)
    found = list(interpreters())
    if not found:
        raise Skipped(f"no Python {', '.join(VERSIONS)} that can make environments: install one with its venv module")
    for version in VERSIONS:
        if version not in dict(found):
            print(f"!! no Python {version} here that can make environments: not tried")
    done = []
    for version, python in found:
        # Without a pin, an environment has the pip that came with its Python.
        oldest = pins.OLDEST_PIP if version == "3.11" and (version, pins.OLDEST_PIP) not in done else None
        for pip in (oldest, pins.NEWEST_PIP):
            if (version, pip) in done and pip == pins.NEWEST_PIP:
                continue
            done.append((version, pip))
            folder = place / f"{len(done)}"
            # The whole of it once: the tools are as many packages again.
            _set_up(folder, python, pip, newer, target="install" if pip == pins.OLDEST_PIP else "run")
            if pip == pins.OLDEST_PIP:
                _show_that_a_resolver_fails(folder, place / "resolved")


def _set_up(folder: Path, python: Path, pip: Pin | None, newer: Path, *, target: str) -> None:
    clone(folder)
    made = environment(python, folder / ".venv", pip)
    told = subprocess.run([made, "-I", "-m", "pip", "--version"], capture_output=True, text=True, check=True).stdout
    began = time.monotonic()
    variables = {**os.environ, **ADMIN, "CHARTER_STATE": str(folder.with_name(f"state-{folder.name}"))}
    variables["PIP_FIND_LINKS"] = f"{newer} {os.environ.get('PIP_FIND_LINKS', '')}".strip()
    variables.pop("VIRTUAL_ENV", None)
    if target != "run":
        subprocess.run(["make", target], cwd=folder, env=variables, check=True)
    with started(["make", "run"], folder.with_suffix(".log"), cwd=folder, environment=variables) as url:
        took = time.monotonic() - began
        sign_in(url)
    _check_versions(made, "run" if target == "run" else "dev")
    print(f"Python {version_of(made)}, pip {told.split()[1]}, make {target}: first sign-in after {took:.0f} s")


def version_of(python: Path) -> str:
    return subprocess.run([python, "-V"], capture_output=True, text=True, check=True).stdout.split()[1]


def _check_versions(python: Path, lock: str) -> None:
    """Assert that an environment has what the lock pins and nothing else but pip and what came with it."""
    listed = subprocess.run(
        [python, "-I", "-m", "pip", "--disable-pip-version-check", "list", "--format", "json"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    there = {re.sub(r"[-_.]+", "-", item["name"].lower()): item["version"] for item in json.loads(listed)}
    assert NEWER not in there.values(), there
    pinned = {name: version for name, (version, _, _) in locked(lock).items()}
    others = {name: version for name, version in there.items() if pinned.get(name) != version}
    assert others.keys() <= {"charter", "pip"}, others
    subprocess.run([python, "-I", "-m", "pip", "check"], check=True, stdout=subprocess.DEVNULL)


def _show_that_a_resolver_fails(folder: Path, offered: Path) -> None:
    """Show what the lock is kept from: with a resolver, old pips take the newer release of `name[extra]` and fail."""
    offered.mkdir()
    offer_lock(offered, "dev")
    python = next(python for version, python in interpreters() if version == "3.11")
    made = environment(python, folder / "old", pins.OLDEST_PIP)
    words = ["install", "--disable-pip-version-check", "--only-binary", ":all:", "--require-hashes", "--no-index"]
    words += ["--find-links", str(offered), "--requirement", str(offered / "requirements" / "dev.txt")]
    command = [str(made), "-I", "-m", "pip", *words]
    resolved = subprocess.run(command, capture_output=True, text=True, check=False)
    assert resolved.returncode, "an old pip resolves the lock: it shows nothing any more that --no-deps is needed"
    assert "--require-hashes" in resolved.stderr, resolved.stderr
    subprocess.run([*command, "--no-deps", "--quiet"], check=True)
