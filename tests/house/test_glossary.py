"""docs/glossary.md explains the terms that have a special meaning here, in order, each with a file that exists."""

import re

import charter
from tests.house.repository import ROOT

PAGE = ROOT / "docs" / "glossary.md"
ROW = re.compile(r"^\| (?!term \||---)(.+?) \| (.+?) \| `(.+?)` \|$", re.MULTILINE)
# Terms in the documentation that a newcomer does not know from HTTP, OpenAPI, SQL or OAuth. Add a new term here.
NEEDED = {
    "background task", "bucket", "built-in role", "cached value", "catalogue", "compiled operation", "configuration",
    "contract", "decision row", "envelope", "event row", "executor", "fault", "generation", "grace", "house test",
    "idempotency claim", "key ring", "law", "long proof", "maintenance", "mismatch", "operator", "owner",
    "pending invalidation", "policy", "probe", "consequence", "replay", "reuse", "rotation", "session statement",
    "setting", "settled hour", "single flight", "step", "step-up", "stored response", "tag", "tag version", "throttle",
    "unanswered rotation",
}  # fmt: skip


def _rows() -> list[tuple[str, str, str]]:
    return ROW.findall(PAGE.read_text(encoding="utf-8"))


def _terms() -> list[str]:
    return [re.sub(r" \(.*\)", "", term) for term, _, _ in _rows()]


def test_the_terms_are_in_alphabetical_order_and_each_is_there_once():
    terms = _terms()
    assert terms == sorted(set(terms), key=str.casefold)


def test_each_term_names_a_file_that_exists():
    missing = [f"docs/glossary.md, {term}: there is no file {file}" for term, _, file in _rows()]
    assert [line for line, (_, _, file) in zip(missing, _rows(), strict=True) if not (ROOT / file).is_file()] == []


def test_each_meaning_is_a_sentence():
    assert [term for term, meaning, _ in _rows() if not meaning[0].isupper() or meaning[-1] not in ".?"] == []


def test_no_term_is_missing():
    assert sorted(NEEDED - set(_terms())) == [], "add a line for each to docs/glossary.md"


def test_each_class_of_the_public_api_is_explained():
    named = {name for term, _, _ in _rows() for name in re.findall(r"`(\w+)`", term)}
    classes = {name for name in charter.__all__ if name[0].isupper() and not name.isupper()}

    assert sorted(classes - named) == [], "add `Name` in brackets to a term of docs/glossary.md"
    assert sorted(named - classes) == [], "charter/__init__.py has no such class"
