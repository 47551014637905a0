"""docs/laws.md lists every law that the code cites and the tests that hold it; and law 1 where document meets code."""

import re
from pathlib import Path

import pytest

from app.config import Config
from app.pipeline.contract import OPENAPI, read_contract
from app.spec.document import DocumentError
from tests.house.repository import ROOT, check, files, shown

LAWS = range(1, 12)
CITED = re.compile(r"\blaws?\s+(\d+(?:(?:,\s*|,?\s+and\s+)\d+)*)", re.IGNORECASE)
HOLDERS = tuple(ROOT / room for room in ("app", "charter", "handlers", "models", "migrations", "tests", "docs"))


def _page() -> dict[int, str]:
    """Return what the page says of each law, by number."""
    parts = re.split(r"^## (\d+)\. ", (ROOT / "docs/laws.md").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    assert [int(number) for number in parts[::2]] == list(LAWS)
    return {int(number): text for number, text in zip(parts[::2], parts[1::2], strict=True)}


def _citations() -> dict[Path, set[int]]:
    found = {}
    for path in files("*.py", "*.md"):
        if any(path.is_relative_to(room) for room in HOLDERS):
            numbers = re.findall(r"\d+", " ".join(CITED.findall(path.read_text(encoding="utf-8"))))
            found[path] = {int(number) for number in numbers}
    return found


def test_each_law_names_the_tests_that_hold_it_and_they_are_there() -> None:
    for number, text in _page().items():
        named = re.findall(r"`(tests/\S+)`", text.split("\nHeld by: ", 1)[1])
        line = f"the line `Held by:` of law {number} in docs/laws.md"
        check([name for name in named if not (ROOT / name).is_file()], f"Correct {line}: these files do not exist.")
        assert any(Path(name).name.startswith("test_") for name in named), f"Name a test in {line}."


def test_every_law_that_is_cited_is_on_the_page() -> None:
    citations = _citations()

    unknown = [f"{shown(path)}: law {law}" for path, numbers in citations.items() for law in numbers - set(LAWS)]
    check(unknown, "Correct these numbers: docs/laws.md has no such laws.")
    assert sum(map(len, citations.values())) > 40


def test_every_operation_without_a_handler_is_named_at_once_with_its_file_and_line() -> None:
    operations = read_contract(Config()).policies

    with pytest.raises(DocumentError) as refused:
        read_contract(Config(), handlers_package="tests.sample_contract.handlers")

    told = {str(fault) for fault in refused.value.faults}
    assert len(told) == len(operations)
    for name, policy in operations.items():
        [fault] = [text for text in told if f"operation {name} has" in text]
        assert fault.startswith(f"{policy.place}: ")
        path, line = str(policy.place).rsplit(":", 1)
        text = (OPENAPI.parent / path).read_text(encoding="utf-8").splitlines()[int(line) - 1 :]
        assert f"operationId: {name}" in "\n".join(text[:2])
        assert f"Write the function {name} in tests/sample_contract/handlers/{policy.tag}.py." in fault
