"""What openapi-python-client does not take is told in words, with the operation."""

import copy
from pathlib import Path

import pytest

from app.sdk.document import GenerationError, client_document
from app.sdk.python.generator import write_models
from tests.document import DOCUMENT


def test_a_result_that_cannot_be_generated_is_told_without_objects_of_python(tmp_path: Path) -> None:
    bundle = copy.deepcopy(DOCUMENT.bundle)
    clash = [{"type": "object", "properties": {"id": {"type": kind}}} for kind in ("string", "boolean")]
    bundle["components"]["schemas"]["UserEnvelope"]["properties"]["data"] = {"allOf": clash}

    with pytest.raises(GenerationError) as caught:
        write_models(client_document(bundle), tmp_path / "charter_client", tmp_path)

    told = str(caught.value)
    assert "GET /v1/users/me" in told
    assert "Cannot parse response for a status (str can't be merged with bool)" in told
    assert " object at 0x" not in told
