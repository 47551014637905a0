"""What a project leaves out of Charter's document."""

import re

import pytest

from app.spec.document.tree import nodes, resolve
from tests.document import DOCUMENT
from tests.unit.sample_project import contract, document, edited
from tests.unit.test_project_document import ROOT, operation_ids

SIGN_IN = {"login", "refresh", "logout", "register"}
NO_ACTIONS = """
    overlay: 1.0.0
    info: {title: Nothing, version: 1.0.0}
    actions:
      - {target: $.paths, update: {}}
"""


@pytest.mark.parametrize("left_out", [SIGN_IN, operation_ids(DOCUMENT.bundle) - {"invalidate_cache"}])
def test_what_is_left_out_leaves_no_reference_without_a_target(tmp_path, left_out):
    chosen = "omit: [register]\n  hide: [invalidate_cache]\n  weaken: [delete_user]\n"
    omitted = edited(ROOT, chosen, f"omit: [{', '.join(left_out)}]\n  hide: [invalidate_cache]\n")
    bundle = document(tmp_path, {**omitted, "openapi/overlay.yaml": NO_ACTIONS}).published().bundle
    for node in nodes(bundle):
        if isinstance(reference := node.mapping.get("$ref"), str):
            assert resolve(bundle, node.mapping), reference


def test_a_text_that_names_an_absent_operation_is_a_warning(tmp_path):
    name = "description: The projects of an account."
    files = edited(ROOT, name, f"{name} See get_user and invalidate_cache.")
    [warning] = contract(tmp_path, files, thorough=True).warnings
    assert str(warning).endswith(
        "This text names invalidate_cache, which clients do not see. Write it without that name."
    )
    assert contract(tmp_path, files).warnings == []


def test_no_text_of_charter_names_an_operation_that_a_project_may_leave_out():
    names = re.compile(rf"\b(?:{'|'.join(name for name in operation_ids(DOCUMENT.bundle) if '_' in name)})\b")
    texts = [
        (node.pointer, key, text)
        for node in nodes(DOCUMENT.bundle)
        for key in ("summary", "description")
        if isinstance(text := node.mapping.get(key), str)
    ]
    assert [(*pointer, key) for pointer, key, text in texts if names.search(text)] == []
