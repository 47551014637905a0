"""The settings there are: read from openapi/settings.yaml, held to its form, every fault with its line."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from app.context.setting_declarations import MAX_VALUE_BYTES, SettingDeclaration, SettingDeclarations
from app.factory import build_cache_store, build_redis_client
from app.pipeline.contract import OPENAPI, read_contract
from app.services import settings
from app.spec.document import DocumentError
from app.spec.settings_file import load_declarations, undeclared_settings
from tests.house.repository import ROOT, files
from tests.service import config_for

SOUND = """\
a.b:
  description: A.
  visibility: public
  schema: {type: boolean}
  default: true
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "openapi" / "settings.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        load_declarations(write(folder, text))
    return [str(fault) for fault in caught.value.faults]


def declared(folder: Path, schema: str, default: str) -> SettingDeclaration:
    text = SOUND.replace("{type: boolean}", schema).replace("default: true", f"default: {default}")
    return load_declarations(write(folder, text)).by_key["a.b"]


def test_a_setting_is_read_with_what_checks_its_values(tmp_path: Path) -> None:
    setting = load_declarations(write(tmp_path, SOUND)).by_key["a.b"]

    assert (setting.key, setting.description, setting.visibility, setting.default) == ("a.b", "A.", "public", True)
    assert setting.schema == {"type": "boolean"}
    assert setting.list_violations(False) == []
    assert [(each.message, each.field) for each in setting.list_violations(1)] == [("Must be true or false.", "value")]


def test_a_document_without_the_file_has_no_settings(tmp_path: Path) -> None:
    assert load_declarations(tmp_path / "settings.yaml").by_key == {}


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("description: A.", "description: ' '", 2, "description of a.b does not match the required pattern."),
        ("  description: A.\n", "", 1, "description of a.b is required."),
        ("  default: true\n", "", 1, "default of a.b is required."),
        ("visibility: public", "visibility: hidden", 3, "visibility of a.b must be public, private or secret."),
        ("default: true", "default: true\n  roles: []", 6, "roles of a.b is not a property of this object."),
        ("{type: boolean}", "{type: yes}", 4, "schema.type of a.b must be array, boolean,"),
        ("{type: boolean}", "\n    type: string\n    maxLenght: 5", 6, "schema.maxLenght of a.b is not a property"),
        ("{type: boolean}", "{type: array}", 4, "schema.items of a.b is required."),
        ("{type: boolean}", "{type: string, format: colour}", 4, "schema.format of a.b must be date,"),
        ("{type: boolean}", "{type: string, $ref: '#/x'}", 4, "schema.$ref of a.b is not a property of this object."),
        ("{type: boolean}", "{}", 4, "schema.type of a.b is required."),
        ("{type: boolean}", "5", 4, "schema of a.b must be an object."),
        ("{type: boolean}", "{type: string, pattern: '('}", 4, "The schema of a.b is not valid: "),
        ("default: true", "default: 5", 5, "default of a.b does not match the schema: it must be true or false."),
        ("default: true", "default: null", 5, "default of a.b does not match the schema: it must be true or false."),
        ("a.b:", "public:", 1, "public is not allowed as a key: /v1/settings/public is another operation."),
        ("a.b:", "a..b:", 1, "a..b is not a valid key of a setting."),
        ("a.b:", "A.b:", 1, "A.b is not a valid key of a setting."),
        ("a.b:", "a/b:", 1, "a/b is not a valid key of a setting."),
        ('a.b:', '"a.b\\n":', 1, "a.b\n is not a valid key of a setting."),
        ("a.b:", f"{'a' * 65}:", 1, f"{'a' * 64} is not a valid key of a setting."),
    ],
)  # fmt: skip
def test_the_file_is_held_to_its_form(tmp_path: Path, old: str, new: str, line: int, message: str) -> None:
    assert old in SOUND

    lines = faults(tmp_path, SOUND.replace(old, new, 1))

    assert len(lines) == 1, lines
    assert lines[0].startswith(f"openapi/settings.yaml:{line}: {message}"), lines


def test_a_fault_deep_in_a_default_is_named(tmp_path: Path) -> None:
    text = SOUND.replace("{type: boolean}", "{type: array, items: {type: integer}}").replace("true", "[1, x]")

    [fault] = faults(tmp_path, text)
    assert fault.startswith(
        "openapi/settings.yaml:5: default.1 of a.b does not match the schema: it must be a whole number."
    )


def test_a_key_that_is_there_twice_is_refused_and_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = SOUND + SOUND + SOUND.replace("a.b", "C")

    lines = faults(tmp_path, text)

    places = [
        "openapi/settings.yaml:6: The key",
        "openapi/settings.yaml:11: C is n",
    ]
    assert [line[:32] for line in lines] == [place[:32] for place in places]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("x" * MAX_VALUE_BYTES, f"Must be at most {MAX_VALUE_BYTES} bytes long."),
        (["é" * (MAX_VALUE_BYTES // 2)], f"Must be at most {MAX_VALUE_BYTES} bytes long."),
        (1e300, "Has a number beyond 64 bits."),
        ({"a": [-1e19]}, "Has a number beyond 64 bits."),
        ("a\0b", "Has a NUL character or half of a surrogate pair."),
        ({"a": [{"\ud800": 1}]}, "Has a NUL character or half of a surrogate pair."),
    ],
)
def test_what_the_database_would_give_back_in_another_form_is_refused(
    tmp_path: Path, value: object, message: str
) -> None:
    anything = declared(tmp_path, "{anyOf: [{type: string}, {type: number}, {type: object}]}", "x")

    assert [(each.message, each.field) for each in anything.list_violations(value)] == [(message, "value")]


def test_faults_name_where_and_never_what(tmp_path: Path) -> None:
    schema = "{type: object, properties: {a: {type: array, items: {type: string, maxLength: 2}}}}"
    setting = declared(tmp_path, schema, "{}")

    assert [(each.message, each.field) for each in setting.list_violations({"a": ["ok", "secret"]})] == [
        ("Must have at most 2 characters.", "value.a.1")
    ]


def test_a_start_is_refused_without_a_setting_that_an_operation_goes_by(tmp_path: Path) -> None:
    path = write(tmp_path, SOUND.replace("a.b", "registration.open"))
    declarations = load_declarations(path)

    assert [str(fault) for fault in undeclared_settings(declarations, ["login", "get_me"], path)] == [
        "openapi/settings.yaml:1: sign_in.unverified is not declared, but login reads it. Declare it."
    ]
    assert len(list(undeclared_settings(declarations, ["register"], path))) == 2
    assert list(undeclared_settings(declarations, ["get_me"], path)) == []


def test_every_setting_is_gone_by_or_for_clients_to_read() -> None:
    services = "".join(path.read_text(encoding="utf-8") for path in files("app/services/*.py"))
    page = (ROOT / "docs" / "features" / "settings.md").read_text(encoding="utf-8")

    known = load_declarations(OPENAPI / "settings.yaml").by_key
    assert {each.visibility for each in known.values()} == {"public", "private", "secret"}
    for key, each in known.items():
        assert f'"{key}"' in services or each.visibility == "public", f"nobody goes by {key}"
    rows = re.findall(r"^\| `([a-z_.]+)` \| `(public|private|secret)` \|", page, re.MULTILINE)
    assert rows == [(key, each.visibility) for key, each in known.items()]


def test_another_default_is_another_release_to_the_cache() -> None:
    config = config_for(DATABASE_URL="postgresql://nowhere/charter")
    contract, cache = read_contract(config), build_redis_client(config, None)
    known = contract.setting_declarations.by_key
    changed = SettingDeclarations.of(replace(each, default=False) for each in known.values())
    stores = [
        build_cache_store(config, cache, replace(contract, setting_declarations=each), None)
        for each in (contract.setting_declarations, changed)
    ]

    names = [store.make_key("get_public_settings", [], ["settings"]).name for store in stores]
    assert names[0] != names[1]


def test_the_server_reads_the_settings_of_its_document() -> None:
    contract = read_contract(config_for(DATABASE_URL="postgresql://nowhere/charter"))

    assert "registration.open" in contract.setting_declarations.by_key
    assert settings.MASK == "***"
