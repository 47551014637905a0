"""docs/backend-context.md and the pages of docs/features/ are true: each number equals the place it comes from."""

import importlib
import re
from typing import Any

import pytest
import yaml

from app import config
from app.cli import main
from app.pipeline.contract import OPENAPI
from tests.house.repository import ROOT, check, shown

PAGE = ROOT / "docs" / "backend-context.md"
PAGES = (PAGE, *sorted((ROOT / "docs" / "features").glob("*.md")))
# | what it is | `where it comes from` | value |
ROW = re.compile(r"^\| [^|]+ \| `([^`|]+)` \| ([^|]+?) \|$", re.MULTILINE)
# Secrets, addresses and lists have no default to tell.
WITHOUT_DEFAULT = {name for name, default, _ in config.documented_variables() if default in ("", "()")}


def _rows(text: str) -> list[tuple[str, str]]:
    tables = re.findall(r"^\| number \| from \| value \|\n\|---\|---\|---\|\n((?:\|.*\n)+)", text, re.MULTILINE)
    return [row for table in tables for row in ROW.findall(table)]


def _value(source: str) -> Any:
    """Return what stands at a setting, a constant of a module, or a pointer into the document."""
    defaults = {name: default for name, default, _ in config.documented_variables()}
    if source in defaults:
        return defaults[source]
    if "#/" in source:
        name, pointer = source.split("#/")
        node: Any = yaml.safe_load((OPENAPI / "components" / name).read_text(encoding="utf-8"))
        for step in pointer.split("/"):
            node = node[step]
        return node
    module, _, name = source.rpartition(".")
    return getattr(importlib.import_module(module), name)


def _same(stated: str, found: Any) -> bool:
    return (
        float(stated) == found
        if isinstance(found, int | float) and not isinstance(found, bool)
        else stated == str(found)
    )


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_number_on_the_page_is_the_one_in_its_place(page):
    rows = _rows(page.read_text(encoding="utf-8"))

    wrong = [
        f"`{source}` is {_value(source)}, not {stated}" for source, stated in rows if not _same(stated, _value(source))
    ]
    check(wrong, f"Run charter spec docs, or correct these numbers in the tables of {shown(page)}.")
    assert rows or page != PAGE, f"{shown(PAGE)} has no table `| number | from | value |`."


def test_every_setting_with_a_default_has_a_line():
    lines = {source for source, _ in _rows(PAGE.read_text(encoding="utf-8"))}

    missing = [name for name, _, _ in config.documented_variables() if name not in WITHOUT_DEFAULT | lines]
    check(
        missing,
        f"Add a line `| what it is | `NAME` | default |` to a table of {shown(PAGE)} for each of these variables.",
    )


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_no_number_stands_outside_the_tables(page):
    text = page.read_text(encoding="utf-8")
    for table in re.findall(r"^\| number \|.*\n(?:\|.*\n)+", text, re.MULTILINE):
        text = text.replace(table, "")
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"`[^`]*`|\]\([^)]*\)|^\d+\. |· \d+\. |^\d+\. \[", "", text, flags=re.MULTILINE)
    # Names that carry a number, and HTTP statuses.
    text = re.sub(r"\b(?:RFC|UUIDv|IPv|NIST SP|decision|API) ?\d[\d-]*|\b[2-5]\d\d\b|\b[45]xx\b|RFC 3339", "", text)
    numbers = re.findall(r".{0,30}\d.{0,30}", text)
    check(numbers, f"Move these numbers of {shown(page)} into a table `| number | from | value |`, or take them out.")


def test_every_module_of_the_services_has_its_rules_named():
    section = PAGE.read_text(encoding="utf-8").split("\n## Services\n")[1].split("\n## ")[0]
    named = set(re.findall(r"`([a-z_]+)`", section))

    modules = {path.stem for path in (ROOT / "app" / "services").glob("[a-z]*.py")}
    check(
        sorted(modules - named),
        f"Name these modules of app/services, with their rules, under Services in {shown(PAGE)}.",
    )
    check(sorted(named - modules), f"app/services has no such modules. Take them out of Services in {shown(PAGE)}.")


def test_every_group_of_the_command_is_named():
    section = PAGE.read_text(encoding="utf-8").split("\n## Commands\n")[1]

    commands, named = {f"charter {name}" for name in main.commands}, set(re.findall(r"`(charter [a-z]+)`", section))
    check(sorted(commands - named), f"Add a line for each of these under Commands in {shown(PAGE)}.")
    check(sorted(named - commands), f"There are no such commands. Take them out of Commands in {shown(PAGE)}.")
