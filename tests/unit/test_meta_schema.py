"""Law 1: a document that has not the form of OpenAPI 3.0 stops the start with file and line, never with a trace."""

import shutil
from pathlib import Path

import pytest

from app.config import Config
from app.pipeline.contract import OPENAPI, read_contract
from app.spec.document import DocumentError
from tests.service import config_for
from tests.unit.small_document import ROOT, SCHEMAS, change, get, patch, write


def faults(folder: Path, files: dict[str, str]) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        read_contract(Config(), document=write(folder, files) / "openapi.yaml", handlers_package="nowhere")
    return [str(fault) for fault in caught.value.faults]


def root(old: str, new: str) -> dict[str, str]:
    return {"openapi.yaml": change(old, new, ROOT)}


BREACHES: dict[str, tuple[dict[str, str], str]] = {
    "a text that is not valid": (get("tags:", "summary: []\n  tags:"), "paths/user.yaml:5: "),
    "a key that is not valid": (get("tags:", "sumary: x\n  tags:"), "paths/user.yaml:5: "),
    "parameters that are left empty": (get("tags:", "parameters:\n  tags:"), "paths/user.yaml:5: "),
    "a parameter that is left empty": (get("tags:", "parameters: [null]\n  tags:"), "paths/user.yaml:5: "),
    "a name that is not valid": (get("tags:", "parameters: [{name: [], in: query}]\n  tags:"), "paths/user.yaml:5: "),
    "a place that is not valid": (patch("in: header", "in: headers"), "paths/user.yaml:18: "),
    "security that is a word": (get("tags:", "security: bearer\n  tags:"), "paths/user.yaml:5: "),
    "headers that are left empty": (
        get('{default: {}, "400": {}', '{"200": {description: Done., headers: }, "400": {}'),
        "paths/user.yaml:7: ",
    ),
    "a response that is not described": (get('"400": {}', '"400": {summary: x}'), "paths/user.yaml:7: "),
    "a body that is left empty": (patch("requestBody:\n    content:", "requestBody:\n  x:"), "paths/user.yaml:19: "),
    "properties that are left empty": (
        {"components/schemas.yaml": SCHEMAS + "Empty:\n  properties:\n"},
        "components/schemas.yaml:12: ",
    ),
    "another version": (root("3.0.3", "3.1.0"), "openapi.yaml:1: "),
    "no info": (root("info:", "infos:"), "openapi.yaml:1: The document has no info."),
    "tags that are words": (root("{name: users}", "users"), "openapi.yaml:2: "),
    "paths that are left empty": (
        root("paths:\n  /v1/users/{user_id}: {$ref: paths/user.yaml}\n", "paths:\n"),
        "openapi.yaml:1: There is no mapping `paths`.",
    ),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_what_openapi_does_not_allow_is_told_by_its_line(tmp_path: Path, breach: str) -> None:
    files, beginning = BREACHES[breach]
    lines = faults(tmp_path, files)
    assert [fault for fault in lines if fault.startswith(f"openapi/{beginning}")], lines


def test_faults_of_form_and_of_policy_come_at_once(tmp_path: Path) -> None:
    lines = faults(tmp_path, get("tags:", "summary: []\n  x-rate-limit: reed\n  tags:"))
    assert [fault for fault in lines if fault.startswith("openapi/paths/user.yaml:5: ")]
    assert [fault for fault in lines if fault.startswith("openapi/paths/user.yaml:6: There is no bucket reed.")]


DEFAULTS = {
    "in a parameter": ("{type: integer, default: many}", "must be a whole number"),
    "beside what it is composed of": ("{allOf: [{type: integer}], default: many}", "must be a whole number"),
    "in an item": ("{type: array, items: {type: string, maxLength: 2, default: many}}", "most 2"),
}


@pytest.mark.parametrize("where", DEFAULTS)
def test_a_default_that_its_schema_refuses_is_told_with_its_line(tmp_path: Path, where: str) -> None:
    schema, problem = DEFAULTS[where]
    document = shutil.copytree(OPENAPI, tmp_path / "openapi") / "openapi.yaml"
    parameters = document.parent / "components" / "parameters.yaml"
    text = parameters.read_text(encoding="utf-8")
    q = "schema: {type: string, pattern: '^[^\\x00]*$', minLength: 1, maxLength: 100}"
    parameters.write_text(change(q, f"schema: {schema}", text), encoding="utf-8")

    with pytest.raises(DocumentError) as caught:
        read_contract(config_for(DATABASE_URL="postgresql://nowhere/charter"), document=document)

    line = text[: text.index(q)].count("\n") + 1
    told = f"openapi/components/parameters.yaml:{line}: The default does not match its schema: "
    [fault] = [str(fault) for fault in caught.value.faults if str(fault).startswith(told)]
    assert problem in fault
