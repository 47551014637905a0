"""docs/features/ has a page for each tag, with a table of its operations that matches the document."""

import re
from collections.abc import Mapping

import pytest

from app.pipeline.contract import Contract, read_contract
from app.spec.policy import Policy
from tests.house.repository import ROOT, check
from tests.service import config_for

FOLDER = ROOT / "docs" / "features"
HEAD = "| operation | method and path | who may call it | rate limit | audit trail |\n|---|---|---|---|---|\n"


@pytest.fixture(scope="module")
def contract() -> Contract:
    return read_contract(config_for(DATABASE_URL="postgresql://localhost/nothing-is-asked-of-it"))


def _row(policy: Policy) -> str:
    who = "anyone" if policy.public else " ".join(f"`{name}`" for name in policy.permissions)
    if policy.has_owner:
        who = f"the owner or {who}"
    bucket = f"`{policy.bucket}`" if policy.bucket else "none"
    entries = "" if policy.public else "a decision"
    if not policy.safe:
        entries = ", ".join(filter(None, (entries, f"`{policy.event}`")))
    name, place = policy.operation_id, f"{policy.method.upper()} {policy.path}"
    return f"| `{name}` | `{place}` | {who} | {bucket} | {entries or 'nothing'} |"


def _tables(policies: Mapping[str, Policy]) -> dict[str, list[str]]:
    tables: dict[str, list[str]] = {}
    for policy in policies.values():
        tables.setdefault(policy.tag, []).append(_row(policy))
    return tables


def test_every_tag_has_its_page_and_every_page_its_tag(contract):
    pages, tags = {path.stem for path in FOLDER.glob("*.md")}, {tag["name"] for tag in contract.document.bundle["tags"]}
    check(sorted(tags - pages), "Write docs/features/TAG.md for each of these tags, like the pages beside it.")
    check(sorted(pages - tags), "Delete these pages of docs/features, or add their tags to openapi/openapi.yaml.")


def test_every_page_lists_the_operations_of_its_tag_as_the_document_has_them(contract):
    for tag, rows in _tables(contract.policies).items():
        found = re.search(re.escape(HEAD) + r"((?:\|.*\n)*)", (FOLDER / f"{tag}.md").read_text(encoding="utf-8"))
        page, table = f"docs/features/{tag}.md", "\n".join(rows)
        assert found, f"Add the table of operations to {page}:\n{HEAD}{table}"
        assert found[1].splitlines() == rows, f"Replace the rows of the table in {page} by these:\n{table}"
