"""Every operation has its test file, and every permission a use."""

from functools import cache

import pytest

from app.config import Config
from app.pipeline.contract import OPENAPI, Contract, read_contract
from app.spec.permissions import load_permissions
from tests.house.repository import ROOT, check, shown

OPERATION_TESTS = ROOT / "tests" / "integration" / "operations"


@cache
def _contract() -> Contract:
    return read_contract(Config(), thorough=True)


@pytest.mark.parametrize("operation", sorted(_contract().policies))
def test_an_operation_has_a_test_file_of_its_own(operation):
    path = OPERATION_TESTS / f"test_{operation}.py"
    assert path.is_file(), f"Write {shown(path)}, with the tests of the operation {operation}."
    assert "\ndef test_" in path.read_text(encoding="utf-8"), f"Write a test in {shown(path)}."


def test_no_test_file_is_left_over_from_an_operation_that_is_gone():
    named = {path.stem.removeprefix("test_") for path in OPERATION_TESTS.glob("test_*.py")}
    left = sorted(f"test_{name}.py" for name in named - set(_contract().policies))
    check(left, "Delete or rename these files of tests/integration/operations: the document has no such operations.")


def test_every_permission_is_asked_for_somewhere():
    used = {name for policy in _contract().policies.values() for name in policy.permissions}
    used |= {name for policy in _contract().policies.values() for _, name in policy.write_permissions}
    listed = set(load_permissions(OPENAPI / "permissions.yaml"))
    check(
        sorted(listed - used), "Delete these from openapi/permissions.yaml: no x-permission and no property names them."
    )
    check(sorted(used - listed), "Add these to openapi/permissions.yaml, each with a description and its roles.")


def test_a_handler_is_named_as_its_operation_and_stays_short():
    import inspect

    for name, operation in _contract().operations.items():
        assert operation.handler.__name__ == name
        source = inspect.getsource(operation.handler)
        assert len(source.splitlines()) <= 15, f"Move what {name}() decides into a service: it has more than 15 lines."
