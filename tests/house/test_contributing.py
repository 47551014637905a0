"""docs/contributing.md: each item of its lists names a command or a page that exists, each path a file and a name."""

import ast
import re

import pytest

from tests.house.repository import ROOT, check
from tests.house.test_readme import targets, unknown_part
from tests.prove.__main__ import known_parts

PAGE = ROOT / "docs" / "contributing.md"
LISTS = ("Before coding", "While coding", "Before handing over")


def _section(name: str) -> str:
    return PAGE.read_text(encoding="utf-8").split(f"## {name}\n", 1)[1].split("\n## ", 1)[0]


def _items(section: str) -> list[tuple[str, str]]:
    return re.findall(r"^\| (?!do \||---)(.+?) \| (.+?) \|$", _section(section), re.MULTILINE)


def _names(tree: ast.AST, prefix: str = "") -> set[str]:
    """Return the functions, classes, methods and constants of a module: f, C, C.f, X."""
    found = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(prefix + node.name)
        if isinstance(node, ast.ClassDef):
            found |= _names(node, f"{node.name}.")
        if isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


def _defines(file: str, name: str) -> bool:
    """Tell whether a file has a function, a class, a constant, an SQL function or, where it is no code, a word."""
    text = (ROOT / file).read_text(encoding="utf-8")
    if file.endswith(".py"):
        return name in _names(ast.parse(text))
    wanted = rf"CREATE OR REPLACE FUNCTION {name}\(" if file.endswith(".sql") else rf"\b{name}\b"
    return re.search(wanted, text) is not None


def _steps() -> list[tuple[str, str, str, str]]:
    """Return the rows of the paths: question (empty: one more step), room, file, name."""
    rows = [line.strip("|").split("|") for line in _section("Find your way").splitlines() if line.startswith("|")][2:]
    return [(asked.strip(), room.strip(" `"), what.split("`")[1], name.strip(" `")) for asked, room, what, name in rows]


def test_find_your_way_answers_five_questions():
    questions = [question for question, *_ in _steps() if question]
    assert len(questions) == 5
    assert all(question.endswith("?") for question in questions)
    assert _steps()[0][0]


def test_each_path_of_find_your_way_leads_from_the_map_to_a_name_that_exists():
    rooms = " ".join(re.findall(r"^\| (`.+?) \|", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE))
    place = "docs/contributing.md, Find your way"
    for _, room, file, name in _steps():
        assert f"`{room}`" in rooms, f"{place}: {room} is not in the README's map"
        assert file.startswith(room), f"{place}: {file} is not in {room}"
        assert (ROOT / file).is_file(), f"{place}: there is no file {file}"
        assert _defines(file, name), f"{place}: {file} has no {name}"


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
    rows = re.findall(r"^\| `(\w+)` \| .+ \|.* \|$", _section("Long proofs"), re.MULTILINE)
    assert rows == list(known_parts())
