"""`charter spec release`, run in a copy of the program."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.spec.released import canonical_json
from tests.command import ROOT, clean_environment


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a copy of the program, where nothing is released."""
    for folder in ("app", "charter", "handlers", "models", "openapi", "migrations"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "released"))
    return tmp_path


def spec(checkout: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app.cli", "spec", *words],
        cwd=checkout,
        env=clean_environment(CHARTER_ENV="development"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_release_is_written_once_and_the_next_is_high_enough(checkout):
    released, root = checkout / "openapi/released", checkout / "openapi/openapi.yaml"
    assert "no document is released yet" in spec(checkout, "diff").stderr
    version = re.search(r'^  version: "(.*)"$', root.read_text(), re.MULTILINE)
    assert version
    first = version[1]

    done = spec(checkout, "release")
    assert done.stdout == f"wrote openapi/released/{first}.json; add it and checksums.json to git\n", done.stderr
    written = (released / f"{first}.json").read_bytes()
    assert json.loads(written)["info"]["version"] == first
    assert written == canonical_json(json.loads(written))
    assert spec(checkout, "diff").returncode == 0

    again = spec(checkout, "release")
    assert (again.returncode, "a release never changes" in again.stderr) == (1, True), again.stderr

    _replace(checkout / "openapi/paths/me.yaml", "operationId: get_me", "operationId: get_me\n  deprecated: true")
    major, minor, patch = map(int, first.split("."))
    _replace(root, f'version: "{first}"', f'version: "{major}.{minor}.{patch + 1}"')
    low = spec(checkout, "release")
    assert low.returncode == 1
    assert f"is too low after {first}: write {major}.{minor + 1}.0 or higher" in low.stderr
    assert re.search(r"openapi/paths/me\.yaml:\d+: additive: get_me: .* \[operation-deprecated\]", low.stderr), (
        low.stderr
    )

    _replace(root, f'version: "{major}.{minor}.{patch + 1}"', f'version: "{major}.{minor + 1}.0"')
    assert spec(checkout, "release").returncode == 0
    assert (released / f"{first}.json").read_bytes() == written
    assert json.loads((released / "checksums.json").read_bytes()).keys() == {
        f"{first}.json",
        f"{major}.{minor + 1}.0.json",
    }


def test_a_document_with_faults_is_not_released(checkout):
    _replace(checkout / "openapi/paths/me.yaml", "x-permission: account:read", "x-permission: account:raed")
    done = spec(checkout, "release")
    assert done.returncode == 78
    assert re.search(r"openapi/paths/me\.yaml:\d+\b.*account:raed", done.stderr), done.stderr
    assert not (checkout / "openapi/released").exists()


def test_a_version_has_three_numbers(checkout):
    _replace(checkout / "openapi/openapi.yaml", 'version: "', 'version: "v')
    done = spec(checkout, "release")
    assert (done.returncode, "write three numbers" in done.stderr) == (1, True), done.stderr
