"""What a project leaves out of Charter's document."""

import pytest

from app.spec.document.tree import nodes, resolve
from tests.document import DOCUMENT
from tests.unit.sample_project import document, edited
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
