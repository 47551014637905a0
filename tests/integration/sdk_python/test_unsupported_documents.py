"""What openapi-python-client does not take is told in words, with the operation."""

import copy
from pathlib import Path
from typing import Any

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


@pytest.mark.parametrize(
    ("responses", "told"),
    [
        ({}, "get_me has no response for success."),
        ({"200": "UserEnvelope", "202": "RoleEnvelope"}, "get_me has another result at 202 than at 200"),
        ({"200": "UserEnvelope", "204": None}, "get_me has another result at 204 than at 200"),
        ({"200": "UserEnvelope", "201": "UserEnvelope"}, None),
    ],
)
def test_an_operation_has_one_result(responses: dict[str, str | None], told: str | None) -> None:
    bundle = copy.deepcopy(DOCUMENT.bundle)
    bundle["paths"]["/v1/users/me"]["get"]["responses"] = {
        status: {"description": "Fine.", **({"content": _json(name)} if name else {})}
        for status, name in responses.items()
    }
    if told:
        with pytest.raises(GenerationError, match=told):
            client_document(bundle)
    else:
        assert list(client_document(bundle)["paths"]["/v1/users/me"]["get"]["responses"]) == ["200"]


def _json(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
