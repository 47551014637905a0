"""A deprecated operation warns where it is called, once for each place, and says until when it stays."""

import copy
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from app import resources
from app.sdk.python import build_python
from tests.document import DOCUMENT
from tests.integration.sdk_python.conftest import LAYER
from tests.people import PASSWORD, People
from tests.service import Service

PROGRAM = """
import asyncio, sys
from charter_client import AsyncCharter, Charter

url, email, password = sys.argv[1:]
with Charter(url) as client:
    client.auth.login(email=email, password=password)
    for _ in range(3):
        client.roles.list_roles()  # here
    client.roles.with_response.list_roles()  # here
    [role.name for role in client.roles.iter_roles(limit=1)]  # here
    client.roles.list_permissions()  # here, too
    client.me.get_me()


async def main():
    async with AsyncCharter(url) as client:
        await client.auth.login(email=email, password=password)
        await asyncio.create_task(client.roles.list_roles())  # here
        [role.name async for role in client.roles.iter_roles(limit=1)]  # here


asyncio.run(main())
"""
LINES = [number for number, line in enumerate(PROGRAM.splitlines(), 1) if "# here" in line]


@pytest.fixture(scope="module")
def aged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package of a document that has two deprecated operations."""
    bundle = copy.deepcopy(DOCUMENT.bundle)
    bundle["paths"]["/v1/roles"]["get"] |= {"deprecated": True, "x-sunset": "2027-06-30"}
    bundle["paths"]["/v1/permissions"]["get"] |= {"deprecated": True}
    folder = tmp_path_factory.mktemp("aged")
    licence = resources.LICENSE
    wheel, _ = build_python(bundle, layer=LAYER, licence=licence, output=folder / "built")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def test_each_call_of_a_deprecated_operation_warns_once_for_its_line(
    aged: Path, service: Service, people: People, tmp_path: Path
) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    words = [sys.executable, str(program), service.url, people.ada.email, PASSWORD]
    environment = {"PYTHONPATH": str(aged)}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    warned = [line for line in done.stderr.splitlines() if "Warning" in line]
    assert [line.partition(": ")[0] for line in warned] == [f"{program}:{number}" for number in LINES]
    ends = "list_roles is deprecated: the server may remove it on 2027-06-30."
    assert {line.partition("DeprecationWarning: ")[2] for line in warned} == {ends, "list_permissions is deprecated."}


def test_what_a_type_checker_reads_and_what_help_shows_says_so_too(aged: Path) -> None:
    text = (aged / "charter_client" / "resources" / "roles.py").read_text()
    # Plain, page by page and with the response, for threads and for asyncio.
    assert text.count('@deprecated("list_roles is deprecated: the server may remove it on 2027-06-30.")') == 6
    assert "Deprecated: list_permissions is deprecated." in text
    assert "deprecated" not in (aged / "charter_client" / "resources" / "users.py").read_text()
