"""The tables that `charter spec docs` writes: what is theirs changes, everything else stays."""

import subprocess
import sys

import pytest

from app.config import documented_variables
from app.declared_errors import Declaration
from app.spec import documentation
from app.spec.documentation import (
    OPERATIONS_HEAD,
    new_page,
    with_errors,
    with_numbers,
    with_operations,
    with_sorted_terms,
    with_variables,
)
from tests.command import ROOT, clean_environment
from tests.unit.made import make_policy

ROW = "| `list_things` | `GET /v1/things` | anyone | none | nothing |\n"


def test_a_page_gets_its_table_in_place_of_the_old_one() -> None:
    page = f"# things: all of them\n\nText.\n\n{OPERATIONS_HEAD}| `gone` | x | y | z | z |\n\n## Rules\n\n- One.\n"
    written = with_operations(page, [make_policy()])
    assert written == page.replace("| `gone` | x | y | z | z |\n", ROW)
    assert with_operations(written, [make_policy()]) == written


def test_a_page_without_a_table_gets_one_before_its_first_section() -> None:
    written = with_operations("# things: all of them\n\nText.\n\n## Rules\n\n- One.\n", [make_policy()])
    assert written == f"# things: all of them\n\nText.\n\n{OPERATIONS_HEAD}{ROW}\n## Rules\n\n- One.\n"


def test_a_new_page_begins_with_what_the_tag_says() -> None:
    written = with_operations(new_page("things", "All of them. There are many."), [make_policy()])
    assert written == f"# things: all of them\n\nThere are many.\n\n{OPERATIONS_HEAD}{ROW}"


def test_a_variable_is_written_as_the_configuration_has_it_and_a_new_one_comes_after_the_one_before() -> None:
    (first, default, about), (second, *_), *_ = documented_variables()
    head = "| variable | default | meaning |\n|---|---|---|\n"
    page = f"{head}| `{first}` | `old` | Old. |\n| `GONE` | | Gone. |\n\nText.\n"
    lines = with_variables(page).splitlines()
    assert lines[2] == f"| `{first}` | `{default}` | {about} |"
    assert lines[3].startswith(f"| `{second}` |")
    assert "GONE" not in "".join(lines)
    assert lines[-1] == "Text."


@pytest.mark.parametrize(("stated", "written"), [("3", "49"), ("49", "49"), ("49.0", "49.0")])
def test_a_number_is_the_one_of_its_place(stated: str, written: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documentation, "EXAMPLE", 49, raising=False)
    head = "| number | from | value |\n|---|---|---|\n"
    row = "| of things | `app.spec.documentation.EXAMPLE` | {} |\n| of others | `a.yaml#/X` | 7 |\n"
    text = with_numbers(f"{head}{row.format(stated)}\nText.\n", lambda _: 7)
    assert text == f"{head}{row.format(written)}\nText.\n"


def test_a_code_keeps_its_text_and_gets_its_status_and_its_place() -> None:
    head = "Text.\n\n| status | code | what happened | what to do |\n|---|---|---|---|\n"
    page = f"{head}| 404 | `TAKEN` | Taken. | Choose `another`. |\n| 400 | `OLD` | Old. | No. |\n\n| sent |\n"
    declared = {"GONE": Declaration(410, "m", "It is gone."), "TAKEN": Declaration(409, "m", "It is taken.")}
    written = with_errors(page, declared)
    rows = "| 410 | `GONE` | It is gone. | See the message. |\n| 409 | `TAKEN` | Taken. | Choose `another`. |\n"
    assert written == f"{head}{rows}\n| sent |\n"
    assert with_errors(written, declared) == written
    assert with_errors("No table.\n", declared) == "No table.\n"


def test_the_terms_of_the_glossary_are_sorted() -> None:
    head = "# G\n\n| term | meaning | file |\n|---|---|---|\n"
    tab, bucket, ace = "| tab | T. | `t` |\n", "| Bucket (`B`) | B. | `b` |\n", "| ace | A. | `a` |\n"
    assert with_sorted_terms(f"{head}{tab}{bucket}{ace}\nEnd.\n") == f"{head}{ace}{bucket}{tab}\nEnd.\n"
    assert with_sorted_terms("No table.\n") == "No table.\n"


def test_the_program_in_the_environment_finds_every_page_up_to_date() -> None:
    """It finds what is installed, and not the checkout, as `python -m` and pytest do."""
    told = subprocess.run(
        [sys.executable, "-P", "-m", "charter", "spec", "docs", "--check"],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.returncode, told.stdout) == (0, "every table is up to date\n"), told.stderr
