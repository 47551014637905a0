"""docs/contributing.md: every item of its lists says how, by a command that can be typed or a page that is there."""

import re

import pytest

from tests.house.repository import ROOT, check
from tests.house.test_readme import targets, unknown_part
from tests.prove.__main__ import known_parts

PAGE = ROOT / "docs" / "contributing.md"
LISTS = ("Before coding", "While coding", "Before handing over")


def _items(section: str) -> list[tuple[str, str]]:
    text = PAGE.read_text(encoding="utf-8").split(f"## {section}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^\| (?!do \||---)(.+?) \| (.+?) \|$", text, re.MULTILINE)


@pytest.mark.parametrize("section", LISTS)
def test_every_item_names_what_shows_that_it_is_done(section):
    items = _items(section)
    assert len(items) > 5, f"The table of {section} in docs/contributing.md has hardly any lines."
    vague = [do for do, how in items if "`" not in how and "](" not in how]
    check(
        vague, f"Write a command or a link into the second column of these lines of docs/contributing.md ({section})."
    )


@pytest.mark.parametrize("section", LISTS)
def test_every_command_of_an_item_can_be_typed(section):
    commands = [command for _, how in _items(section) for command in re.findall(r"`([^`]+)`", how)]
    made = {words[1] for command in commands if (words := command.split())[0] == "make"}
    charter = [words[1:] for command in commands if (words := command.split())[0] == "charter"]
    check(sorted(made - targets()), f"The Makefile has no such targets. Correct {section} in docs/contributing.md.")
    unknown = [" ".join(words) for words in charter if unknown_part(words)]
    check(unknown, f"`charter` has no such commands. Correct {section} in docs/contributing.md.")
    assert made or charter, f"{section} in docs/contributing.md shows no command."


def test_every_part_of_the_long_proofs_is_listed_with_what_it_needs():
    section = PAGE.read_text(encoding="utf-8").split("## Long proofs\n", 1)[1].split("\n## ", 1)[0]
    assert re.findall(r"^\| `(\w+)` \| .+ \|.* \|$", section, re.MULTILINE) == list(known_parts())
