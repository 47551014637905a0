"""README.md and docs/: the map has the layers in their order, and every file and name that a page shows exists."""

import ast
import re
import tomllib

import pytest

from tests.house.repository import ROOT, files, shown

README = ROOT / "README.md"
CONTRIBUTING = ROOT / "docs" / "contributing.md"
BACKEND = ROOT / "docs" / "backend-context.md"
PAGES = tuple(path for path in files("*.md") if path.parent == ROOT or path.is_relative_to(ROOT / "docs"))
# A file of this tree by its whole path, without a placeholder.
FILE = re.compile(r"`((?:app|charter|handlers|models|migrations|openapi|requirements|tests)/[\w./-]+\.\w+)`")


@pytest.mark.parametrize("path", PAGES, ids=shown)
def test_every_file_that_a_page_names_exists(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    missing = [
        f"{shown(path)}:{number}: there is no {name}"
        for number, line in enumerate(lines, start=1)
        for name in FILE.findall(line)
        if not (ROOT / name).is_file()
    ]
    assert missing == [], "\n".join(["Correct these lines:", *missing])


def _layers() -> list[set[str]]:
    """Return the layers by the last part of each name, from top to bottom; of the lowest one only what has a room."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    [contract] = [contract for contract in config["contracts"] if contract["id"] == "layers"]
    layers = [{name.strip().removeprefix("app.") for name in re.split("[:|]", layer)} for layer in contract["layers"]]
    return [*layers[:-1], layers[-1] & {"config", "errors"}]


def _map() -> str:
    return README.read_text(encoding="utf-8").split("\n## The map\n")[1].split("\n## ")[0]


def test_the_map_names_the_layers_from_top_to_bottom_and_has_a_room_for_each():
    listed = _map().split("From top to bottom:")[1].split("\n\n")[0]
    rooms = {name.removeprefix("app/").rstrip("/").removesuffix(".py") for name in re.findall(r"`([\w/.]+)`", _map())}

    assert [set(re.findall(r"`(\w+)`", layer)) for layer in listed.split(" /")] == _layers(), "Correct README.md."
    assert sorted(set().union(*_layers()) - rooms) == [], "Add a row for each of these to the map in README.md."


def test_backend_context_has_a_row_for_each_layer_from_top_to_bottom():
    text = BACKEND.read_text(encoding="utf-8")
    table = text.split("| layer, from top to bottom | job |\n|---|---|\n")[1].split("\n\n")[0]

    rows = [set(re.findall(r"`(\w+)`", row.split("|")[1])) for row in table.splitlines()]
    assert rows == _layers(), f"Correct the table of layers in {shown(BACKEND)}."


def _steps() -> list[tuple[str, str, str, str]]:
    """Return the rows of the paths: question (empty: one more step), room, file, name."""
    section = CONTRIBUTING.read_text(encoding="utf-8").split("## Find your way\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")][2:]
    return [(asked.strip(), room.strip(" `"), what.split("`")[1], name.strip(" `")) for asked, room, what, name in rows]


def test_find_your_way_answers_seven_questions():
    questions = [question for question, *_ in _steps() if question]
    assert len(questions) == 7
    assert all(question.endswith("?") for question in questions)
    assert _steps()[0][0]


def test_each_path_of_find_your_way_leads_from_the_map_to_a_name_that_exists():
    rooms = " ".join(re.findall(r"^\| (`.+?) \|", _map(), re.MULTILINE))
    place = f"{shown(CONTRIBUTING)}, Find your way"
    for _, room, file, name in _steps():
        assert f"`{room}`" in rooms, f"{place}: {room} is not in the README's map"
        assert file.startswith(room), f"{place}: {file} is not in {room}"
        assert (ROOT / file).is_file(), f"{place}: there is no file {file}"
        assert _defines(file, name), f"{place}: {file} has no {name}"


def _defines(file: str, name: str) -> bool:
    """Tell whether a file has a function, a class, a constant, an SQL function or, where it is no code, a word."""
    text = (ROOT / file).read_text(encoding="utf-8")
    if file.endswith(".py"):
        return name in _names(ast.parse(text))
    wanted = rf"CREATE OR REPLACE FUNCTION {name}\(" if file.endswith(".sql") else rf"\b{name}\b"
    return re.search(wanted, text) is not None


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
