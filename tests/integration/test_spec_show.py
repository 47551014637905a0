"""`charter spec show` prints an operation with all its parts, and says which of them no file has."""

import json

import pytest
import yaml
from click.testing import CliRunner

from app.cli import main
from app.cli.yaml_lines import yaml_lines
from app.spec.document.tree import parse_pointer
from app.spec.operation import operations
from tests.document import DOCUMENT

REMARK = "  # derived"


def show(*words: str) -> tuple[int, str]:
    response = CliRunner().invoke(main, ["spec", "show", *words])
    return response.exit_code, response.output


def test_an_operation_is_printed_in_full_with_its_file_and_line():
    code, text = show("delete_user")
    line = DOCUMENT.where(("paths", "/v1/users/{user_id}", "delete")).line
    assert code == 0
    assert text.splitlines()[0] == f"# DELETE /v1/users/{{user_id}} in openapi/paths/user.yaml:{line}"
    assert yaml.safe_load(text) == DOCUMENT.bundle["paths"]["/v1/users/{user_id}"]["delete"]


def test_what_no_file_has_is_marked_and_nothing_else():
    _, text = show("delete_user")
    lines = text.splitlines()
    assert f"  \"412\": {{$ref: '#/components/responses/PreconditionFailed'}}{REMARK}" in lines
    assert "  \"409\": {$ref: '#/components/responses/LastAdmin'}" in lines
    marked = [line for line in lines if line.endswith(REMARK)]
    pointers = [each for each in DOCUMENT.derived if each[:3] == ("paths", "/v1/users/{user_id}", "delete")]
    assert len(marked) == len(pointers)


def test_in_json_the_pointers_are_listed():
    code, text = show("create_user", "--json")
    shown = json.loads(text)
    operation = DOCUMENT.bundle["paths"]["/v1/users"]["post"]
    assert (code, shown["method"], shown["path"], shown["operation"]) == (0, "POST", "/v1/users", operation)
    whole = {("paths", "/v1/users", "post", *parse_pointer(pointer)) for pointer in shown["derived"]}
    derived = {tuple(map(str, pointer)) for pointer in DOCUMENT.derived}
    assert whole == {pointer for pointer in derived if pointer[:3] == ("paths", "/v1/users", "post")}


def test_every_operation_is_the_same_when_it_is_read_again():
    for operation in operations(DOCUMENT):
        marked = [pointer[3:] for pointer in DOCUMENT.derived if pointer[:3] == operation.pointer]
        text = "\n".join(yaml_lines(operation.body, marked=marked, mark="derived"))
        assert yaml.safe_load(text) == operation.body, operation.name


@pytest.mark.parametrize(
    "value",
    [
        "",
        "yes",
        "12",
        "a: b",
        "- a",
        "# a",
        " a",
        "a ",
        "a\nb\n",
        "a\n\nb: c\n",
        "a\n  b\nc \n",
        "a\n\tb",
        "a\x85b\u2028c\n",
        "\x1b[31m",
        "a " * 70,
        "a  b" * 40,
        "ß" * 150,
        "'",
    ],
)
def test_a_text_is_the_same_when_it_is_read_again(value):
    tree = {"text": value, "200": [value, [value, {value: [value]}]], "more": {"$ref": value}, "none": {}}
    text = "\n".join(yaml_lines(tree, marked=[("text",), ("200", 1, 1)], mark="derived"))
    assert yaml.safe_load(text) == tree
    assert "\x1b" not in text


def test_an_unknown_operation_has_a_suggestion():
    code, text = show("get_usr")
    fix = "did you mean get_user? If not, list the operations with charter spec routes."
    assert (code, text.strip()) == (1, f"charter: there is no operation get_usr: {fix}")
