"""docs/contributing.md: every item of its lists says how, by a command that can be typed or a page that is there."""

import re

import pytest

from tests.house.repository import ROOT
from tests.house.test_readme import targets, unknown_part

PAGE = ROOT / "docs" / "contributing.md"
LISTS = ("Before coding", "While coding", "Before handing over")


def _items(section: str) -> list[tuple[str, str]]:
    text = PAGE.read_text(encoding="utf-8").split(f"## {section}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^\| (?!do \||---)(.+?) \| (.+?) \|$", text, re.MULTILINE)


@pytest.mark.parametrize("section", LISTS)
def test_every_item_names_what_shows_that_it_is_done(section):
    items = _items(section)
    assert len(items) > 5
    assert [do for do, how in items if "`" not in how and "](" not in how] == []


@pytest.mark.parametrize("section", LISTS)
def test_every_command_of_an_item_can_be_typed(section):
    commands = [command for _, how in _items(section) for command in re.findall(r"`([^`]+)`", how)]
    made = {words[1] for command in commands if (words := command.split())[0] == "make"}
    charter = [words[1:] for command in commands if (words := command.split())[0] == "charter"]
    assert made - targets() == set()
    assert [words for words in charter if unknown_part(words)] == []
    assert made or charter
