"""The wheel of this checkout: built once for all tests and all their processes, and unpacked into a folder."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from functools import cache
from pathlib import Path

from tests.house.repository import ROOT, files, shown

_BUILD = """import sys, setuptools.build_meta
place = sys.argv[1]  # the builder replaces the arguments
setuptools.build_meta.build_wheel(place)
setuptools.build_meta.build_sdist(place)
"""
_KEPT = ROOT / ".pytest_cache" / "wheel"


@cache
def built() -> Path:
    """Return a folder with the wheel and the source archive of what is, or would be, under version control.

    They are built when a file has changed since the last time, by one process while the others wait.
    """
    place = _KEPT / _state()
    _KEPT.mkdir(parents=True, exist_ok=True)
    with (_KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.is_dir():
            for old in _KEPT.iterdir():
                if old.is_dir():
                    shutil.rmtree(old)
            with tempfile.TemporaryDirectory(dir=_KEPT) as made:
                _build(Path(made))
                (Path(made) / "made").rename(place)
    return place


def installed_wheel() -> Path:
    """Return a folder for PYTHONPATH or sys.path with what the wheel installs there."""
    return built() / "installed"


def _state() -> str:
    """Return a word for the content of all files that are built."""
    text = hashlib.sha256()
    for path in _sources():
        text.update(f"{shown(path)}\0{path.stat().st_size}\0".encode())
        text.update(path.read_bytes())
    return text.hexdigest()[:16]


def _sources() -> list[Path]:
    apart = ("tests/", "sdk/examples/", "deploy/", ".ci/")
    return [path for path in files() if not shown(path).startswith(apart)]


def _build(place: Path) -> None:
    tree, made = place / "tree", place / "made"
    for path in _sources():
        target = tree / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    made.mkdir()
    build(tree, made)
    with zipfile.ZipFile(next(made.glob("*.whl"))) as wheel:
        wheel.extractall(made / "installed")


def build(tree: Path, place: Path) -> None:
    """Build the wheel and the source archive of a tree into a folder."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(place)}
    words = [sys.executable, "-P", "-c", _BUILD, str(place)]
    done = subprocess.run(words, cwd=tree, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
