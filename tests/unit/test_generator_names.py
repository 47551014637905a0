"""A generator or compiler that fails names the operation or schema, however it writes the name."""

from pathlib import Path

import pytest

from tests.prove.generators.concerned import concerned

BUNDLE = {
    "paths": {"/users": {"get": {"operationId": "list_users"}, "post": {"operationId": "create_user"}}},
    "components": {"schemas": {"UserId": {}, "Thing": {}}},
}


@pytest.mark.parametrize(
    ("output", "names"),
    [
        ("duplicate typename 'UserId' detected", ["UserId"]),
        ("client/api/users/list_users.py: error", ["list_users"]),
        ("Property 'createUser' does not exist on type 'Things'", ["create_user"]),
        ("something is wrong", []),
        ("client.ts(5,3): error TS2322", ["list_users"]),
        ("./client.ts:6: undefined", ["Thing"]),
        ("client.ts:1: undefined", []),
        ("missing.ts:1: undefined", []),
    ],
)
def test_a_complaint_names_what_it_is_about(tmp_path: Path, output: str, names: list[str]) -> None:
    text = "import x\n\nexport const listUsers = () => {\n  y;\n  return z;\n} as Thing;\n"
    (tmp_path / "client.ts").write_text(text, encoding="utf-8")
    assert concerned(output, tmp_path, BUNDLE) == names
