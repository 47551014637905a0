"""The Makefile of a project installs Charter from the project's own folder, whatever the environment says."""

import os
import subprocess
from pathlib import Path

import pytest

from app.scaffold.project import make_project

WHEEL = "charter-0.1.0-py3-none-any.whl"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    wheel = tmp_path / WHEEL
    wheel.write_bytes(b"a wheel")
    make_project("shop", tmp_path / "shop", release="0.1.0", wheel=wheel)
    return tmp_path / "shop"


def _make(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    return subprocess.run(
        ["make", *words], cwd=folder, env=kept | variables, capture_output=True, text=True, check=False
    )


def _installed(folder: Path, *words: str, **variables: str) -> list[str]:
    """Return the lines of `make install` that run pip, and the one that notes what was installed."""
    told = _make(folder, "-n", "install", *words, **variables).stdout
    return [line for line in told.splitlines() if "pip" in line or line.startswith("touch")]


def test_charter_is_installed_from_the_folder_and_not_from_what_a_variable_names(shop: Path) -> None:
    lines = _installed(shop, CHARTER_WHEEL="/elsewhere/charter-9.9.9-py3-none-any.whl")

    assert [f'"wheels/{WHEEL}[' in line for line in lines] == [True, True, False]
    assert lines == _installed(shop)


def test_another_wheel_is_named_on_the_command_line(shop: Path, tmp_path: Path) -> None:
    other = tmp_path / "charter-0.2.0-py3-none-any.whl"
    other.write_bytes(b"another wheel")

    lines = _installed(shop, f"CHARTER_WHEEL={other}")

    assert [f'"{other}[' in line for line in lines] == [True, True, False]
    assert lines[-1] != _installed(shop)[-1], "what was installed from another wheel is not taken for this one"


@pytest.mark.parametrize(
    ("wheels", "told"),
    [
        ([], "wheels/ has no wheel of Charter: copy it there"),
        (["charter-0.1.0.whl", "charter-0.2.0.whl"], "wheels/ has several wheels of Charter: keep one"),
    ],
)
def test_make_says_which_wheel_is_missing_or_too_many(shop: Path, wheels: list[str], told: str) -> None:
    (shop / "wheels" / WHEEL).unlink()
    for name in wheels:
        (shop / "wheels" / name).write_bytes(name.encode())

    done = _make(shop, "install")

    assert done.returncode != 0
    assert told in done.stderr
    assert not (shop / ".venv").exists()
