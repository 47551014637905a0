"""`charter sdk build python` makes a package that can be published, and the same bytes each time."""

import importlib
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from app.sdk.document import GenerationError, client_document, operations
from app.sdk.error_codes import class_name, error_codes
from app.sdk.python.models import name_members
from tests.command import ROOT, clean_environment
from tests.document import DOCUMENT
from tests.integration.sdk_python.conftest import LAYER

NAME = f"charter_client-{DOCUMENT.bundle['info']['version']}"


def test_the_command_builds_the_same_bytes_as_another_process(archives: Path, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "app.cli", "sdk", "build", "python", "--output", str(tmp_path / "made")]
    done = subprocess.run(words, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    made = sorted((tmp_path / "made").iterdir())
    assert sorted(done.stdout.split()) == [str(path) for path in made]
    assert [path.name for path in made] == [f"{NAME}-py3-none-any.whl", f"{NAME}.tar.gz"]
    assert [path.read_bytes() for path in made] == [path.read_bytes() for path in sorted(archives.iterdir())]


def test_the_archives_hold_the_same_modules_and_the_licence(archives: Path) -> None:
    with zipfile.ZipFile(next(archives.glob("*.whl"))) as wheel:
        assert wheel.testzip() is None
        packed = {name for name in wheel.namelist() if ".dist-info" not in name}
        info = {name.partition("/")[2] for name in wheel.namelist() if ".dist-info" in name}
        metadata = wheel.read(f"{NAME}.dist-info/METADATA").decode()
    with tarfile.open(next(archives.glob("*.tar.gz"))) as sdist:
        sources = {name.partition("/")[2] for name in sdist.getnames()}

    assert {"charter_client/py.typed", "charter_client/models/user.py", "charter_client/_policy.py"} <= packed
    assert packed | {"PKG-INFO", "pyproject.toml", "README.md", "LICENSE"} == sources
    assert info == {"METADATA", "WHEEL", "RECORD", "licenses/LICENSE"}
    assert metadata.partition("\n\n")[2] == (LAYER / "README.md").read_text(encoding="utf-8")


def test_every_operation_is_a_method_of_its_tag_in_four_classes(sdk: Any) -> None:
    with sdk.Charter("http://127.0.0.1:1") as client:
        other = sdk.AsyncCharter("http://127.0.0.1:1")
        for _, _, operation in operations(DOCUMENT.bundle):
            for one in (client, other):
                resource = getattr(one, operation["tags"][0])
                assert callable(getattr(resource, operation["operationId"]))
                assert operation["summary"] in getattr(resource.with_response, operation["operationId"]).__doc__


def test_every_code_of_the_document_has_an_exported_class_with_its_meaning(sdk: Any) -> None:
    for error in error_codes(DOCUMENT.bundle):
        found = getattr(sdk, error.name)
        assert issubclass(found, sdk.ResponseError)
        assert found.code_name == error.code
        assert error.about in found.__doc__
    assert class_name("EMAIL_TAKEN") == "EmailTaken"


def test_results_take_unknown_properties_and_bodies_do_not() -> None:
    schemas = client_document(DOCUMENT.bundle)["components"]["schemas"]

    assert "additionalProperties" not in schemas["User"]
    assert schemas["CreateUserRequest"]["additionalProperties"] is False
    assert not any(name.endswith("Envelope") for name in schemas)


def test_the_members_of_an_enum_have_names_that_read_as_their_values(sdk: Any) -> None:
    models = importlib.import_module("charter_client.models")
    assert models.PermissionName.USERS_READ == "users:read"
    assert models.UserSort.EMAIL_DESCENDING == "-email"
    document = {"components": {"schemas": {"Odd": {"enum": ["a:b", "a-b"]}}}}
    with pytest.raises(GenerationError, match="Two values of Odd"):
        name_members(document)


def test_what_cannot_be_generated_is_named_with_its_operation() -> None:
    broken = client_document(DOCUMENT.bundle)
    broken["paths"]["/v1/users"]["post"]["requestBody"]["content"] = {"text/plain": {}}

    with pytest.raises(GenerationError, match="create_user takes no application/json"):
        client_document(broken)


def test_a_code_that_the_introduction_lacks_is_named() -> None:
    document = {**DOCUMENT.bundle, "info": {**DOCUMENT.bundle["info"], "description": "No table."}}

    with pytest.raises(GenerationError, match="lacks VALIDATION_ERROR, MALFORMED_BODY"):
        error_codes(document)
