"""`charter spec editor` adds the schemas to the settings of VS Code, and takes nothing away."""

import json
import re

import pytest

from app.cli.errors import CommandError
from app.cli.jsonc import read_jsonc
from app.cli.spec_editor import schemas_for, with_schemas
from app.resources import CODE

SCHEMAS = {"./openapi/extensions.schema.json": ["openapi/openapi.yaml"]}
NAME = ".vscode/settings.json"


def test_new_settings_have_the_schemas_alone() -> None:
    assert json.loads(with_schemas("", SCHEMAS, NAME)) == {"yaml.schemas": SCHEMAS}


@pytest.mark.parametrize("text", ["{}", "{ }\n", "// mine\n{}\n"])
def test_settings_without_an_entry_get_one(text: str) -> None:
    written = with_schemas(text, SCHEMAS, NAME)
    assert json.loads(written.removeprefix("// mine\n")) == {"yaml.schemas": SCHEMAS}
    assert with_schemas(written, SCHEMAS, NAME) == written


def test_comments_and_other_settings_stay() -> None:
    text = '// {of mine}\n{\n    "a": "// no comment", // why\n    "b": [1,], /* and */\n}\n'
    written = with_schemas(text, SCHEMAS, NAME)
    assert written.startswith('// {of mine}\n{\n    "yaml.schemas": {')
    assert written.endswith(text.partition("{\n")[2])
    assert with_schemas(written, SCHEMAS, NAME) == written


def test_other_schemas_stay_and_those_of_another_version_go() -> None:
    old = {
        "yaml.schemas": {"https://example.com/x.json": "x.yaml", "file:///old/extensions.schema.json": ["y"]},
        "a": 1,
    }
    written = json.loads(with_schemas(json.dumps(old), SCHEMAS, NAME))
    assert written == {"yaml.schemas": {"https://example.com/x.json": "x.yaml", **SCHEMAS}, "a": 1}


@pytest.mark.parametrize(
    "text",
    [
        '{"yaml.schemas": {"x": "y"}, /* c */ "a": 1}',
        '{\n  // first\n  "yaml.schemas": { // mine\n    "x": "y", // kept\n  },\n  "a": "\\"// no comment",\n}\n',
        '{\r\n\t"yaml.schemas": {},\r\n\t"a": 1\r\n}\r\n',
        '\ufeff{"yaml.schemas": {"file:///old/extensions.schema.json": ["y"] /* last */ }}',
        '{"yaml.schemas": {"x": "y", "file:///1/extensions.schema.json": [], "2/extensions.schema.json": [] /* c */}}',
        '{"yaml.schemas": {"./openapi/extensions.schema.json": ["old"], "./2/extensions.schema.json": [], "x": "y"}}',
        f'{{"yaml.schemas": {json.dumps(SCHEMAS)[:-1]}, // c\n"2/extensions.schema.json": 1}}}}',
    ],
)
def test_comments_between_other_schemas_stay(text: str) -> None:
    written = with_schemas(text, SCHEMAS, NAME)

    before, after = (read_jsonc(each.removeprefix("\ufeff")).value for each in (text, written))
    kept = {key: value for key, value in before["yaml.schemas"].items() if "extensions.schema.json" not in key}
    assert after == {**before, "yaml.schemas": {**kept, **SCHEMAS}}
    words = re.findall(r"//.*?(?=[\r\n])|/\*.*?\*/", text)
    assert [word for word in words if word not in written] == []
    assert ("\r\n" in text) == ("\r\n" in written)
    assert "\n" not in written.replace("\r\n", "") or "\r\n" not in text
    assert written.startswith("\ufeff") == text.startswith("\ufeff")
    assert with_schemas(written, SCHEMAS, NAME) == written


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{\n  "a": oops\n}', ":2: this is not JSON, oops is no value"),
        ('{\n  "a": 1\n  "b": 2}', ":3: this is not JSON, a comma or } is missing here"),
        ('{\n  "a": 1, /* no end\n}', ":2: this is not JSON, this comment has no end"),
        ('{"a": 1', ":1: this is not JSON, a comma or } is missing"),
        ('{"a"', ":1: this is not JSON, a colon is missing"),
        ('{"a":', ":1: this is not JSON, the text ends too soon"),
        ("{'a': 1}", ":1: this is not JSON, a key in double quotes"),
        ('{"a": 1,\n "a": 2}', ':2: this is not JSON, the key "a" is here twice'),
        ('{"a": 1}\n{}', ":2: this is not JSON, nothing may follow"),
        ('{"a": "b\n"}', ":1: this is not JSON, a value is missing here"),
        ("[" * 200, ":1: this is not JSON, this is nested too deep"),
        ('{\n"yaml.schemas": []}', ":2: yaml.schemas must be an object"),
        ("[]", ":1: the settings must be an object"),
    ],
)
def test_what_is_not_json_is_told_with_its_line(text: str, told: str) -> None:
    with pytest.raises(CommandError) as caught:
        with_schemas(text, SCHEMAS, NAME)
    assert caught.value.message.startswith(NAME + told)


def test_the_schemas_of_a_checkout_are_named_from_its_folder() -> None:
    schemas = schemas_for(CODE)
    assert [schema for schema in schemas if not (CODE / schema).is_file()] == []
