"""A fault that only follows from another is not told: for one mistake, one fault."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.pipeline.handlers import ModuleSearch
from app.pipeline.row_owners import owner_faults
from app.spec.owned_rows import OwnedRow
from tests.unit.made import make_policy
from tests.unit.sample_project import edited, faults
from tests.unit.test_lint_stages import change, folder, told

__all__ = ["folder"]

KEYS = [
    ("paths/roles.yaml", "x-permission:", "x-permision:", "There is no key x-permision. Did you mean x-permission?"),
    ("paths/auth_login.yaml", "x-public:", "x-pubic:", "There is no key x-pubic. Did you mean x-public?"),
    ("paths/user.yaml", "x-owner:", "x-ower:", "There is no key x-ower. Did you mean x-owner?"),
    ("paths/users.yaml", "x-paginated:", "x-pagniated:", "There is no key x-pagniated. Did you mean x-paginated?"),
    ("paths/user.yaml", "x-precondition:", "x-precondtion:", "There is no key x-precondtion. Did you mean x-precond"),
    ("paths/user_profile.yaml", "x-cache:", "x-cahe:", "There is no key x-cahe. Did you mean x-cache?"),
    ("paths/user_profile.yaml", "x-invalidates:", "x-invalidate:", "There is no key x-invalidate. Did you mean x-inv"),
]


@pytest.mark.parametrize(("file", "old", "new", "message"), KEYS)
def test_a_misspelt_key_is_the_only_fault(folder: Path, file: str, old: str, new: str, message: str) -> None:
    change(folder, file, old, new)
    [fault] = told(folder)
    assert fault.startswith(f"{file}: {message}")


def test_a_wrong_tag_of_a_cached_row_is_told_once(tmp_path: Path) -> None:
    read = edited(
        "openapi/paths/project.yaml",
        "x-rate-limit: read\n",
        "x-rate-limit: read\n  x-cache: {policy: profile, tags: ['users:{user_id}']}\n",
    )
    text = read["openapi/paths/project.yaml"]
    for event in ("updated", "deleted"):
        text = text.replace(f"project.{event}\n", f"project.{event}\n  x-invalidates: ['user:{{user_id}}']\n")
    [fault] = faults(tmp_path, {"openapi/paths/project.yaml": text})
    assert "is cached without the tag user:{user_id}" in fault


def test_a_model_is_not_told_as_missing_while_a_module_is_broken() -> None:
    policies = {"get_thing": make_policy(owned_row=OwnedRow("nothing", "owner_id", None))}
    [fault] = owner_faults(policies)
    assert "there is no model Nothing." in fault.message
    assert list(owner_faults(policies, all_models=False)) == []


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a package whose modules a test writes."""
    folder = tmp_path / "broken_things"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield folder
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_a_broken_line_is_told_once_for_all_that_import_it(package: Path) -> None:
    (package / "model.py").write_text("x = Undefined\n")
    for name in ("first", "second"):
        (package / f"{name}.py").write_text("from broken_things import model\n")
    search = ModuleSearch()
    for name in ("first", "second"):
        search.module("broken_things", name, package)
    [fault] = search.faults
    assert (fault.place.file.endswith("model.py"), fault.place.line) == (True, 1)


def test_an_import_of_a_wrong_name_comes_with_the_name_that_was_meant(package: Path) -> None:
    (package / "projects.py").touch()
    (package / "first.py").write_text("from broken_things import project\n")
    search = ModuleSearch()
    search.module("broken_things", "first", package)
    [fault] = search.faults
    assert fault.message == "There is no project in broken_things."
    assert fault.fix.startswith("Did you mean projects? If not, write it there")
