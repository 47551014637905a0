"""The Pythons of this machine that Charter runs on and that can make environments."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.prove.pins import Pin
from tests.prove.proof import run

VERSIONS = ("3.11", "3.12", "3.13")
_ASK = "import ensurepip, venv, sys; print('%d.%d' % sys.version_info[:2], sys.implementation.name)"


def interpreters() -> Iterator[tuple[str, Path]]:
    """Yield version and path of each: those that PATH names, those of the system, and those of pyenv."""
    seen: set[Path] = set()
    for version in VERSIONS:
        for path in _candidates(version):
            real = path.resolve()
            if real not in seen and _is_able(path, version):
                seen.add(real)
                yield version, path


def _candidates(version: str) -> Iterator[Path]:
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    # Those of pyenv first: what it puts on PATH are scripts that start them.
    yield from sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}"), reverse=True)
    for folders in (os.environ.get("PATH"), "/usr/bin:/usr/local/bin"):
        if (found := shutil.which(f"python{version}", path=folders)) and "shims" not in Path(found).parts:
            yield Path(found)


def _is_able(path: Path, version: str) -> bool:
    try:
        done = subprocess.run([path, "-I", "-c", _ASK], capture_output=True, text=True, timeout=60, check=False)
    except OSError:
        return False
    return done.stdout.split() == [version, "cpython"]


def environment(python: Path, place: Path, pip: Pin | None) -> Path:
    """Make an environment and return its Python.

    Args:
        pip: the pin that its pip is brought to; None: it stays as the interpreter ships it.
    """
    subprocess.run([python, "-m", "venv", place], check=True)
    made = place / "bin" / "python"
    if pip is not None:
        run_pip(made, "install", "--quiet", "--upgrade", pip)
    return made


def run_pip(python: Path, *words: str) -> None:
    """Run the pip of an environment."""
    run(str(python), "-I", "-m", "pip", "--disable-pip-version-check", *words)
