"""Editors check the x- keys: the settings name the schema of each file, and the schema judges a whole file.

`make prove` asks a YAML language server; here the same schema is applied as it applies it.
"""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema_rs import Draft202012Validator

from tests.house.repository import ROOT, check, shown

OPENAPI = ROOT / "openapi"
FILES = sorted([*OPENAPI.glob("paths/*.yaml"), *OPENAPI.glob("components/**/*.yaml")])
SCHEMA = json.loads((OPENAPI / "extensions.schema.json").read_text(encoding="utf-8"))
JUDGE = Draft202012Validator(SCHEMA)
ALLOWED = {"x-permission": "users:read"}


def sound(operation: dict[str, Any], method: str = "post") -> bool:
    return JUDGE.is_valid({method: {"operationId": "touch", **operation}})


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(OPENAPI)))
def test_each_file_meets_the_schema(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    faults = [f"{fault.instance_path}: {fault.message}" for fault in JUDGE.iter_errors(yaml.safe_load(text))]
    check(faults, f"Correct these x- keys in {shown(file)}; openapi/extensions.md explains them.")


def test_no_file_names_a_schema_of_its_own() -> None:
    named = [shown(file) for file in OPENAPI.rglob("*.yaml") if "yaml-language-server:" in file.read_text("utf-8")]
    check(named, "Delete this line: charter spec editor names the schema of every file.")


@pytest.mark.parametrize("key", sorted({*SCHEMA["$defs"]["operation"]["properties"]} - {"x-permission", "x-public"}))
def test_the_examples_of_each_key_are_right_and_anything_else_is_wrong(key: str) -> None:
    for example in SCHEMA["$defs"]["operation"]["properties"][key]["examples"]:
        assert sound({**ALLOWED, key: example})
    for value in (None, 1, "", "No Name", [], {}, {"policy": "profile", "Tags": []}, ["a b"], {"on": "2027-06-30"}):
        assert not sound({**ALLOWED, key: value}), value


def test_an_operation_says_either_who_may_call_it_or_that_everybody_may() -> None:
    assert sound(ALLOWED)
    assert sound({"x-public": True})
    assert not sound({})
    assert not sound({"x-public": False})
    assert not sound({**ALLOWED, "x-public": True})


def test_a_key_that_does_not_exist_or_stands_elsewhere_is_wrong() -> None:
    guarded = {"email": {"type": "string", "x-write-permission": "users:update"}}
    nested = {"type": "object", "properties": {"contact": {"type": "object", "properties": guarded}}}
    assert sound({**ALLOWED, "requestBody": {"content": {"application/json": {"schema": nested}}}})
    assert not sound({**ALLOWED, "x-cached": True})
    assert not sound({**ALLOWED, "x-write-permission": "users:update"})
    assert not sound({**ALLOWED, "parameters": [{"name": "a", "x-owner": "a"}]})
    assert not sound({**ALLOWED, "requestBody": {"x-write-permission": "users:update"}})
    assert not JUDGE.is_valid({"x-permission": "users:read"})
