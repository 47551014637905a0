"""Nothing is excused in silence: every check is on for every operation, and each status let through has its reason."""

import re
import tomllib
from typing import Any

import pytest
import schemathesis
from schemathesis.checks import CHECKS
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok

from tests.contract.command import CALLERS, EXCUSES, PHASES, command
from tests.contract.stage import BUNDLE

TEXT = EXCUSES.read_text(encoding="utf-8")
SETTINGS = tomllib.loads(TEXT)
# An excuse is a paragraph of the file: its comment has the reason.
PARAGRAPHS = [part for part in re.split(r"\n{2,}", TEXT) if "[[operations]]" in part or "[checks]" in part]


def _reasons(paragraph: str) -> str:
    return "\n".join(line for line in paragraph.splitlines() if line.startswith("#"))


def test_every_check_is_on_for_every_operation_in_every_phase() -> None:
    config = SchemathesisConfig.from_path(EXCUSES)
    config.projects.default.auth.wfc = None
    schema = schemathesis.openapi.from_dict(BUNDLE, config=config)
    operations = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    # It has a limit instead of a switch, and how long a response takes is for `make bench` to judge.
    names = set(CHECKS.get_all_names()) - {"max_response_time"}

    assert len(operations) >= 20
    assert len(names) >= 14
    for operation in operations:
        for phase in PHASES:
            checks = schema.config.checks_config_for(operation=operation, phase=phase)
            off = [name for name in names if not checks.get_by_name(name=name).enabled]
            assert off == [], f"{operation.label} {phase}"


@pytest.mark.parametrize("paragraph", PARAGRAPHS, ids=range(len(PARAGRAPHS)))
def test_every_excuse_has_its_reason(paragraph: str) -> None:
    lines = paragraph.splitlines()
    assert _reasons(paragraph), paragraph
    assert [line for line in lines if "enabled" in line] == []

    # What any refusal of a broken request may be needs no reason; what a good one gets instead of a success does.
    refusals = set(SETTINGS["checks"]["negative_data_rejection"]["expected-statuses"])
    for line in lines:
        if "expected-statuses" in line:
            excused = {int(status) for status in re.findall(r"\b[45]\d\d\b", line)}
            usual = {403, 404} if "[checks]" not in paragraph else set()
            excused -= usual if "positive_data_acceptance" in line else refusals
            unsaid = [status for status in excused if str(status) not in _reasons(paragraph)]
            assert unsaid == [], f"{line}: no reason for {unsaid}"


def test_what_is_excused_is_an_operation_that_exists() -> None:
    known = {item[method]["operationId"] for item in BUNDLE["paths"].values() for method in item if method != "summary"}
    for excuse in SETTINGS["operations"]:
        named: Any = excuse["include-operation-id"]
        assert set([named] if isinstance(named, str) else named) <= known


def test_nobody_signs_up_by_themselves() -> None:
    assert SETTINGS["auth"]["auto-signup"] is False


@pytest.mark.parametrize("caller", CALLERS)
def test_a_run_leaves_no_check_and_no_operation_out(caller: str) -> None:
    words = command("http://127.0.0.1:1", caller)
    filters = [word for word in words if word.startswith(("--include", "--exclude"))]

    assert words[words.index("--checks") + 1] == "all"
    assert words[words.index("--phases") + 1] == ",".join(PHASES)
    # Anybody who asks without a token is refused everywhere else, which ignored_auth tries as part of the other runs.
    assert filters == (["--include-by"] if caller == "nobody" else [])
