"""`charter spec editor` adds the schemas to the settings of VS Code, and takes nothing away."""

import json

import pytest

from app.cli.errors import CommandError
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
    ("text", "told"),
    [
        ('{\n  "a": oops\n}', ".vscode/settings.json:2: this is not JSON"),
        ('{"yaml.schemas": {"x": "y"}, /* c */ "a": 1}', "by hand"),
        ('{"yaml.schemas": []}', "no object"),
        ("[]", "no object"),
    ],
)
def test_what_cannot_be_changed_safely_is_left_alone(text: str, told: str) -> None:
    with pytest.raises(CommandError, match="settings") as caught:
        with_schemas(text, SCHEMAS, NAME)
    assert told in caught.value.message


def test_the_schemas_of_a_checkout_are_named_from_its_folder() -> None:
    schemas = schemas_for(CODE)
    assert [schema for schema in schemas if not (CODE / schema).is_file()] == []
