"""Tools of other ecosystems in exact versions, fetched into the folder of a proof."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tests.prove import pins
from tests.prove.pins import Pin
from tests.prove.proof import Skipped, needed


def fetch_python(place: Path, *wanted: Pin) -> Path:
    """Install packages into an environment of their own; return the folder of their programs.

    Args:
        place: the folder of the proof.
        wanted: the pins.

    Raises:
        Skipped: they cannot be fetched.
    """
    folder = place / "python"
    if not folder.exists():
        _fetch([sys.executable, "-m", "venv", str(folder)], "an environment of Python", place)
    programs = folder / "bin"
    pip = [str(programs / "python"), "-I", "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    _fetch([*pip, *wanted], ", ".join(wanted), place)
    return programs


def fetch_node(place: Path, *wanted: Pin, archives: Iterable[Path] = ()) -> Path:
    """Install npm packages; return the folder of their programs.

    Args:
        place: the folder of the proof.
        wanted: the pins.
        archives: packages of our own that are installed beside them.

    Raises:
        Skipped: they cannot be fetched.
    """
    npm = needed("npm", package="npm", purpose="fetch tools that run on Node")
    folder = place / "node"
    folder.mkdir(exist_ok=True)
    (folder / "package.json").write_text(json.dumps({"private": True}))
    words = [npm, "install", "--no-audit", "--no-fund", "--save-exact", *wanted, *map(str, archives)]
    _fetch(words, ", ".join(wanted), folder)
    return folder / "node_modules" / ".bin"


def fetch_go(place: Path, module: Pin) -> Path:
    """Build a program by the Go module proxy; return its path.

    Args:
        place: the folder of the proof.
        module: the pin of its package.

    Raises:
        Skipped: it cannot be fetched.
    """
    go = needed("go", package="golang", purpose=f"build {module}")
    _fetch([go, "install", module], module, place, GOBIN=str(place / "go"))
    return place / "go" / module.partition("@")[0].rpartition("/")[2]


def fetch_maven(place: Path, artifact: Pin) -> Path:
    """Copy an artifact of Maven Central into a folder; return its path.

    Args:
        place: the folder.
        artifact: its group, name and version.

    Raises:
        Skipped: it cannot be fetched.
    """
    maven = needed("mvn", package="maven", purpose=f"fetch {artifact}")
    place.mkdir(exist_ok=True)
    plugin = f"{pins.MAVEN_DEPENDENCY}:copy"
    _fetch([maven, "-q", plugin, f"-Dartifact={artifact}", f"-DoutputDirectory={place}"], artifact, place)
    [jar] = place.glob("*.jar")
    return jar


def _fetch(words: Sequence[str], what: str, place: Path, **variables: str) -> None:
    done = told(words, place, variables)
    if done.returncode:
        output = " ".join((done.stderr.strip() or done.stdout.strip() or "no output").split())
        raise Skipped(f"{what} cannot be fetched: {output[:300]}")


def told(
    words: Sequence[str | Path], place: Path, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder to its end; return what it printed."""
    environment = {**os.environ, **(variables or {})}
    return subprocess.run(
        [str(word) for word in words], cwd=place, env=environment, capture_output=True, text=True, check=False
    )
