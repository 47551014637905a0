"""errors.yaml: what is wrong with it is told with its line; what is right is written where the document lists codes."""

import re
from pathlib import Path
from typing import Any

import pytest

from app.declared_errors import Declaration, DeclaredError
from app.errors import Internal
from app.spec.document.error_codes import read_error_codes, write_error_codes
from app.spec.raised_codes import raised_code_faults

GOOD = "TAKEN: {status: 409, message: It is taken., description: Somebody took it.}\n"

FAULTS = {
    "- TAKEN": "1: This file is not a mapping.",
    "taken: {status: 409, message: A., description: B.}": "1: taken is not a valid error code.",
    "TAKEN: {status: 409, message: A.}": "1: TAKEN must have a status, a message and a description, and no other key.",
    "TAKEN: 409": "1: TAKEN must have a status, a message and a description, and no other key.",
    "TAKEN:\n  status: 200\n  message: A.\n  description: B.": "2: The status of TAKEN must be a number from 400",
    "TAKEN: {status: true, message: A., description: B.}": "1: The status of TAKEN must be a number from 400 to 599.",
    "TAKEN: {status: '409', message: A., description: B.}": "1: The status of TAKEN must be a number from 400 to 599.",
    "TAKEN: {status: 401, message: A., description: B.}": "1: The status of TAKEN is 401, which only Charter's",
    "TAKEN: {status: 503, message: A., description: B.}": "1: The status of TAKEN is 503, which only Charter's",
    "TAKEN:\n  status: 409\n  message: A\n  description: B.": "3: The message of TAKEN is not a sentence.",
    "TAKEN:\n  status: 409\n  message: A.\n  description: a | b.": "4: The description of TAKEN is not a sentence.",
    "TAKEN: {status: 409, message: 7, description: B.}": "1: The message of TAKEN is not a sentence.",
    GOOD + GOOD: "2: The key `TAKEN` is here twice",
    "a: [": "2: This is not YAML",
}


@pytest.mark.parametrize("text", FAULTS)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "errors.yaml").write_text(text, "utf-8")
    _, faults = read_error_codes([(tmp_path / "errors.yaml", "errors.yaml")])
    assert [fault for fault in faults if f"errors.yaml:{FAULTS[text]}" in str(fault)], list(map(str, faults))


def test_two_files_cannot_declare_the_same_code(tmp_path: Path) -> None:
    for name in ("ours", "theirs"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "errors.yaml").write_text(GOOD, "utf-8")
    codes, [fault] = read_error_codes(
        (tmp_path / name / "errors.yaml", f"{name}/errors.yaml") for name in ("ours", "theirs", "nobodys")
    )
    assert codes == {"TAKEN": Declaration(409, "It is taken.", "Somebody took it.")}
    assert re.search(r"errors\.yaml:1: .*errors\.yaml:1 declares TAKEN, too\. Choose another code\.", str(fault))


def test_a_description_without_a_place_for_the_table_gets_one_at_its_end() -> None:
    codes = {"GONE": Declaration(410, "x.", "`it` went."), "TAKEN": Declaration(409, "x.", "HTTP is full. Wait.")}
    bundle: dict[str, Any] = {
        "info": {"description": "About.\n"},
        "components": {"schemas": {"ProblemCode": {"enum": ["OWN"]}}},
    }
    write_error_codes(bundle, codes)
    table = "| status | code | what happened |\n|---|---|---|\n| 409 | `TAKEN` | HTTP is full. Wait |\n"
    assert bundle["info"]["description"] == f"About.\n\n## Error codes\n\n{table}| 410 | `GONE` | `it` went |\n"
    assert bundle["components"]["schemas"]["ProblemCode"]["enum"] == ["OWN"]


CODE = """\
from charter import errors
from charter.errors import declared

def f(code):
    raise errors.declared("TAKEN")
    raise declared("TAKEEN", field="x")
    raise errors.DeclaredError(code="GONE")
    raise errors.declared(code)
    other.declared("NOT_OURS")
    raise errors.Conflict("Taken.", code="TAKEN")
    raise errors.Conflict("Token.", code="TOKEN")
    raise OtherConflict(code="NOT_OURS")


class Gone(errors.AppError):
    status = 410
    code: str = "GONE"
"""


def test_codes_in_the_code_are_compared_with_the_file(tmp_path: Path) -> None:
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "tasks.py").write_text(CODE, "utf-8")
    (tmp_path / "services" / "broken.py").write_text("declared(", "utf-8")
    found = [
        str(fault).rpartition("services/")[2] for fault in raised_code_faults([tmp_path, tmp_path / "no"], ["TAKEN"])
    ]
    assert found == [
        "tasks.py:6: There is no error code TAKEEN. Did you mean TAKEN? If not, declare it in errors.yaml.",
        "tasks.py:7: There is no error code GONE. Declare it in errors.yaml.",
        'tasks.py:8: errors.declared is called without a code. Write it out: errors.declared("CODE").',
        "tasks.py:11: There is no error code TOKEN. Did you mean TAKEN? If not, declare it in errors.yaml.",
        "tasks.py:17: There is no error code GONE. Declare it in errors.yaml.",
    ]


def test_a_code_that_nobody_declared_is_a_fault_of_the_server() -> None:
    with pytest.raises(Internal) as caught:
        DeclaredError("GONE").complete({})
    assert str(caught.value.__cause__) == "errors.yaml does not have the code GONE."
