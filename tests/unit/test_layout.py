"""`charter spec fix` changes how a file looks, keeps its comments, and never changes what it means."""

import os
import random
import stat
from pathlib import Path, PurePath
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from app import resources
from app.cli import main
from app.cli.spec_fix import fix_files
from app.spec.document import METHODS
from app.spec.document.yaml_text import read_yaml
from app.spec.layout import NotYamlError, UnsafeChangeError, arranged, arranging
from tests.document import DOCUMENT

OPENAPI = resources.OPENAPI

IN_ORDER = """\
# A note on reading.
get:
  operationId: get_badge
  description: >-
    A text
    # that goes on.

  x-permission: users:read  # behind it
  # Above the parameters,
  # in two lines.
  parameters:
    - name: a
      in: query
  responses:
    "202": {description: Later.}
    "200":
      # What it is.
      description: "It,
        again."
      content: {}
    "404": {description: None.}
    default: {description: Other.}

delete:
  operationId: delete_badge
  responses:
    "204": {description: Gone.}
  # The end of delete.
# The end of the file.
"""
OUT_OF_ORDER = """\
\ufeff
delete:\r
  responses:
    204: {description: Gone.}
  operationId: delete_badge   
  # The end of delete.
# A note on reading.
get:
  responses:
    default: {description: Other.}
    '404': {description: None.}
    "202": {description: Later.}
    "200":
      content: {}
      # What it is.
      description: "It,
        again."
  # Above the parameters,
  # in two lines.
  parameters:
    - name: a
      in: query


  x-permission: users:read  # behind it
  description: >-
    A text
    # that goes on.

  operationId: get_badge
# The end of the file.

"""  # noqa: W291


def fixed(text: str, path: str = "paths/badges.yaml") -> str:
    return arranged(text.encode(), PurePath(path), path).decode()


def test_the_files_of_this_document_are_laid_out():
    assert fix_files(OPENAPI, check=True) == ([], [])


def test_keys_get_their_order_and_comments_stay_above_their_keys():
    result = fixed(OUT_OF_ORDER)
    for comment, key in {
        "# A note on reading.": "get:",
        "  # Above the parameters,\n  # in two lines.": "  parameters:",
        "      # What it is.": '      description: "It,\n        again."',
    }.items():
        assert f"{comment}\n{key}" in result
    assert [line for line in result.splitlines() if line[:1].isalpha()] == ["get:", "delete:"]
    assert result.index("operationId: get_badge") < result.index("x-permission") < result.index("responses:")
    assert result.index('"202"') < result.index('"200"') < result.index('"404"') < result.index("default")
    assert result.splitlines()[-1] == "# The end of the file."
    assert sorted(comments(result)) == sorted(comments(OUT_OF_ORDER))


def test_a_file_in_order_stays_as_it_is():
    assert fixed(IN_ORDER) == IN_ORDER
    assert fixed(fixed(OUT_OF_ORDER)) == fixed(OUT_OF_ORDER)


def test_the_line_that_names_a_schema_for_an_editor_stays_above_everything():
    line = "# yaml-language-server: $schema=../mine.json\n"
    assert fixed(line + OUT_OF_ORDER.lstrip("\ufeff\n")) == line + fixed(OUT_OF_ORDER)


def comments(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip().startswith("#")]


def shuffled(value: Any, dice: random.Random) -> Any:
    if isinstance(value, list):
        return [shuffled(item, dice) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: shuffled(item, dice) for key, item in dice.sample(list(value.items()), len(value))}


def with_remarks(text: str, dice: random.Random) -> str:
    lines: list[str] = []
    for number, line in enumerate(text.splitlines()):
        indent = line[: len(line) - len(line.lstrip())]
        if dice.random() < 0.3 and not line.lstrip().startswith("-"):
            lines += [""] * dice.randrange(3) + [f"{indent}# {number}"]
        lines.append(line + " " * dice.randrange(3) + (f"  # {number}" if dice.random() < 0.1 else ""))
    return "\n".join(lines)


@pytest.mark.parametrize("seed", range(25))
def test_any_order_with_any_comments_is_laid_out_without_a_change_of_meaning(seed):
    dice = random.Random(seed)
    item = dice.choice(list(DOCUMENT.bundle["paths"].values()))
    dumped = yaml.safe_dump(shuffled(item, dice), sort_keys=False, width=1_000_000)
    text = with_remarks(dumped, dice)
    result = fixed(text)
    value = read_yaml(result.encode(), "fixed").value
    assert value == item
    assert fixed(result) == result
    assert sorted(comments(result)) == sorted(comments(text))
    methods = [method for method in METHODS if method in item]
    assert list(value) == methods
    for method in methods:
        assert next(iter(value[method])) == "operationId"
        assert [status for status in value[method]["responses"] if status[0] != "2"] == sorted(
            status for status in item[method]["responses"] if status[0] != "2"
        )


@pytest.mark.parametrize(
    "text",
    [
        "get: {responses: {'200': {description: It.}}, operationId: get_badge}\n",
        "get:\n  parameters:\n    - in: query\n      name: a\n  operationId: get_badge\n",
        "delete: |+\n  Text\n\n\nget: {}\n",
        'delete:\n  responses: {}\n  description: "two\n\n    # lines"\n  operationId: a\n',
        "# Only a note.\nget: {}\n",
    ],
)
def test_what_cannot_be_laid_out_keeps_its_meaning(text):
    try:
        result = fixed(text)
    except UnsafeChangeError:
        return
    assert read_yaml(result.encode(), "after").value == read_yaml(text.encode(), "before").value


@pytest.mark.parametrize("text", ["get: {summary: 'a\u2028b'}\n", "get: {summary: a\x85b}\n"])
def test_a_file_with_rare_line_breaks_stays_as_it_is(text):
    with pytest.raises(UnsafeChangeError):
        fixed(text)


def test_a_result_with_another_meaning_is_never_returned(monkeypatch):
    monkeypatch.setattr(arranging, "sort_keys", lambda lines, _: [*lines[:-1], "x: y"])
    with pytest.raises(UnsafeChangeError):
        fixed("get: {}\nput: {}\n")
    monkeypatch.setattr(arranging, "sort_keys", lambda lines, _: [lines[1], lines[0]])
    with pytest.raises(UnsafeChangeError):
        fixed("get:\n  summary: a\n")


@pytest.mark.parametrize("text", ["", "get: [", "a: &b c\n", "get:\n\tsummary: a\n"])
def test_a_broken_file_is_told(text):
    with pytest.raises(NotYamlError):
        fixed(text)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "paths/b.yaml": OUT_OF_ORDER,
        "paths/a.yaml": "get: [",
        "openapi.yaml": "a: 1 \n\n\nb: 2",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(text.encode())
    return tmp_path


def test_the_files_are_fixed_one_by_one_and_a_broken_one_stays(folder):
    (folder / "paths" / "b.yaml").chmod(0o640)
    named, problems = fix_files(folder, check=False)
    assert [Path(name).name for name in named] == ["openapi.yaml", "b.yaml"]
    assert len(problems) == 1
    assert "a.yaml:2: This is not YAML" in problems[0]
    assert (folder / "paths" / "a.yaml").read_text() == "get: ["
    assert (folder / "openapi.yaml").read_text() == "a: 1\n\nb: 2\n"
    assert stat.S_IMODE((folder / "paths" / "b.yaml").stat().st_mode) == 0o640
    assert fix_files(folder, check=False) == ([], problems)


def test_check_writes_nothing(folder):
    before = {path: path.read_bytes() for path in folder.rglob("*.yaml")}
    assert len(fix_files(folder, check=True)[0]) == 2
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path in before} == before


def test_a_file_that_cannot_be_replaced_stays_whole(folder, monkeypatch):
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    fixed, problems = fix_files(folder, check=False)
    assert fixed == []
    assert "openapi.yaml cannot be written: no space left on device; free some space" in problems[0]
    assert (folder / "openapi.yaml").read_text() == "a: 1 \n\n\nb: 2"
    assert not list(folder.rglob("*.new"))


def test_a_file_that_somebody_else_changes_meanwhile_is_not_overwritten(folder, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: (folder / "openapi.yaml").write_text("theirs: 1\n"))
    fixed, problems = fix_files(folder, check=False)
    assert "openapi.yaml has changed meanwhile: run the command again" in problems[0]
    assert [Path(name).name for name in fixed] == ["b.yaml"]
    assert (folder / "openapi.yaml").read_text() == "theirs: 1\n"


def test_the_command_says_that_nothing_is_to_change():
    response = CliRunner().invoke(main, ["spec", "fix", "--check"])
    assert (response.exit_code, response.output) == (0, "nothing to change\n")


def test_the_command_says_what_it_would_change(folder, monkeypatch):
    monkeypatch.setattr(resources, "OPENAPI", folder)
    (folder / "paths" / "a.yaml").unlink()
    response = CliRunner().invoke(main, ["spec", "fix", "--check"])
    assert response.exit_code == 1
    assert response.output.count("would change ") == 2
    assert "charter: run charter spec fix to change them" in response.output
    response = CliRunner().invoke(main, ["spec", "fix"])
    assert (response.exit_code, response.output.count("changed ")) == (0, 2)
