"""Finding a team's project."""

import sys
from pathlib import Path

import pytest

from app.project import Project, ProjectError, find_project, hidden_modules

GOOD = '[project]\nname = "shop"\nversion = "0.1.0"\n\n[tool.charter]\n'


def project_in(folder: Path, text: str = GOOD) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return folder


def faults(folder: Path, text: str, **variables: str) -> list[str]:
    project_in(folder, text)
    with pytest.raises(ProjectError) as caught:
        find_project(variables, folder)
    return [str(fault) for fault in caught.value.faults]


def test_a_project_is_found_from_every_folder_in_it(tmp_path: Path) -> None:
    root = project_in(tmp_path / "shop")
    below = root / "openapi" / "paths"
    below.mkdir(parents=True)
    assert find_project({}, root) == find_project({}, below) == Project("shop", root)


def test_another_package_inside_a_project_is_part_of_it(tmp_path: Path) -> None:
    root = project_in(tmp_path / "shop")
    inner = project_in(root / "libs" / "money", '[project]\nname = "money"\n')
    assert find_project({}, inner) == Project("shop", root)


def test_a_folder_outside_of_every_project_has_none(tmp_path: Path) -> None:
    project_in(tmp_path / "other", '[project]\nname = "other"\ndescription = "uses charter"\n')
    assert find_project({}, tmp_path / "other") is None


def test_the_checkout_of_charter_is_no_project() -> None:
    assert find_project({}, Path(__file__).parents[2]) is None


def test_the_variable_names_a_project_elsewhere(tmp_path: Path) -> None:
    root, here = project_in(tmp_path / "shop"), project_in(tmp_path / "here", GOOD.replace("shop", "here"))
    assert find_project({"CHARTER_PROJECT": str(root)}, here) == Project("shop", root)
    assert find_project({"CHARTER_PROJECT": " "}, here) == Project("here", here)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "whose pyproject.toml cannot be read: No such file or directory. Name the folder of a project."),
        (
            '[project]\nname = "shop"\n',
            "is not a project: its pyproject.toml has no table [tool.charter]. Add the table",
        ),
    ],
)
def test_a_variable_that_names_no_project_is_an_error(tmp_path: Path, text: str | None, words: str) -> None:
    root = tmp_path / "shop"
    if text:
        project_in(root, text)
    with pytest.raises(ProjectError) as caught:
        find_project({"CHARTER_PROJECT": str(root)}, tmp_path)
    assert str(caught.value).startswith(f"shop/pyproject.toml:1: CHARTER_PROJECT names {root}")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[project]\nname = "shop\n[tool.charter]\n', "2: This is not TOML: illegal character '\\n'. Correct"),
        ('[tool.charter]\n[project]\nname = "shop', "3: This is not TOML: unterminated string. Correct"),
        ("[tool.charter]\n", "1: The project has no name. Add `name` to [project]."),
        ('[tool.charter]\n\n[project]\nversion = "1"\n', "3: The project has no name. Add `name` to [project]."),
        (
            '[project]\nversion = "1"\nname = "My Shop"\n[tool.charter]\n',
            "3: 'My Shop' cannot be the name of a project.",
        ),
        ("[project]\nname = 7\n[tool.charter]\n", "2: 7 cannot be the name of a project."),
        ('[project]\nname = "charter"\n[tool.charter]\n', "2: The project is called charter, as the package that it"),
        ('[project]\nname = "shop"\n[tool]\ncharter = true\n', "4: tool.charter is not a table. Write [tool.charter]."),
        (f"{GOOD}name = 'x'\n", "6: There is no key name in [tool.charter]. Remove it."),
    ],
)
def test_what_is_wrong_with_a_project_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    (line,) = faults(tmp_path, text)
    assert line.startswith(f"pyproject.toml:{told}"), line


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = '[tool.charter]\nhandler = "x"\n[project]\nname = "Shop"\n'
    assert [fault.split(": ")[0] for fault in faults(tmp_path, text)] == ["pyproject.toml:2", "pyproject.toml:4"]


def test_a_file_that_is_not_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"[tool.charter]\n\xff\n")
    with pytest.raises(ProjectError, match=r"^pyproject.toml:2: The file is not UTF-8. Save it as UTF-8.$"):
        find_project({}, tmp_path)


def test_a_broken_file_of_another_project_does_not_matter(tmp_path: Path) -> None:
    project_in(tmp_path, "[project\nname = 'other'\n")
    assert find_project({}, tmp_path) is None


def test_a_module_that_takes_the_place_of_another_is_told(tmp_path: Path) -> None:
    root = project_in(tmp_path / "shop")
    for name in ("queue.py", "peewee.py", "charter/__init__.py", "shop.py", "models/__init__.py", "json/notes.md"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).touch()
    told = [str(fault) for fault in hidden_modules(Project("shop", root), [str(root), *sys.path])]
    assert told == [
        "charter/__init__.py:1: This hides the module charter that is installed. Give it another name.",
        "peewee.py:1: This hides the module peewee that is installed. Give it another name.",
        "queue.py:1: This hides the module queue of Python. Give it another name.",
    ]
