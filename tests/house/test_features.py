"""docs/features/ has a page for each tag, with a table of its operations that matches the document."""

import re
from collections.abc import Mapping

import pytest

from app.pipeline.contract import Contract, read_contract
from app.spec.documentation import OPERATIONS_HEAD, operation_row
from app.spec.policy import Policy
from tests.house.repository import ROOT, check
from tests.service import config_for

FOLDER = ROOT / "docs" / "features"


@pytest.fixture(scope="module")
def contract() -> Contract:
    return read_contract(config_for(DATABASE_URL="postgresql://localhost/nothing-is-asked-of-it"))


def _tables(policies: Mapping[str, Policy]) -> dict[str, list[str]]:
    tables: dict[str, list[str]] = {}
    for policy in policies.values():
        tables.setdefault(policy.tag, []).append(operation_row(policy))
    return tables


def test_every_tag_has_its_page_and_every_page_its_tag(contract):
    pages, tags = {path.stem for path in FOLDER.glob("*.md")}, {tag["name"] for tag in contract.document.bundle["tags"]}
    check(sorted(tags - pages), "Run charter spec docs: it begins a page for each of these tags. Then write its rules.")
    check(sorted(pages - tags), "Delete these pages of docs/features, or add their tags to openapi/openapi.yaml.")


def test_every_page_lists_the_operations_of_its_tag_as_the_document_has_them(contract):
    for tag, rows in _tables(contract.policies).items():
        found = re.search(
            re.escape(OPERATIONS_HEAD) + r"((?:\|.*\n)*)", (FOLDER / f"{tag}.md").read_text(encoding="utf-8")
        )
        page, table = f"docs/features/{tag}.md", "\n".join(rows)
        assert found, f"Run charter spec docs: {page} has no table of operations."
        assert found[1].splitlines() == rows, f"Run charter spec docs, or write these rows into {page}:\n{table}"
