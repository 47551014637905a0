"""Files of people are read and written whole, and what goes wrong is told with the name of the file."""

import os
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from app import resources
from app.cli import main
from app.cli.errors import CommandError
from app.cli.spec_fix import fix_files
from app.cli.writing import read_text, write_file


def test_a_file_is_made_with_its_folder_and_replaced_with_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "new" / "file"
    write_file(file, b"one", tmp_path, before=None)
    file.chmod(0o640)
    write_file(file, b"two", tmp_path, before=b"one")
    assert file.read_bytes() == b"two"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert [each.name for each in file.parent.iterdir()] == ["file"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("one")
    (tmp_path / "link").symlink_to("real")
    write_file(tmp_path / "link", b"two", tmp_path, before=b"one")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "two"


def in_the_way(folder: Path) -> None:
    (folder / "docs").write_text("")


def dead_link(folder: Path) -> None:
    (folder / "docs").symlink_to("nowhere")


def link_to_itself(folder: Path) -> None:
    (folder / "docs").symlink_to("docs")


def somebody_else(folder: Path) -> None:
    (folder / "docs").mkdir()
    (folder / "docs" / "a.md").write_text("theirs")


@pytest.mark.parametrize(
    ("arrange", "told"),
    [
        (in_the_way, "docs/a.md cannot be written: file exists; move what is in the way of the folder"),
        (dead_link, "docs is a link to a folder that does not exist: correct the link, or delete it"),
        (link_to_itself, "docs is a link to a folder that does not exist: correct the link, or delete it"),
        (somebody_else, "docs/a.md has changed meanwhile: run the command again"),
    ],
)
def test_what_cannot_be_written_is_told_and_nothing_changes(tmp_path: Path, arrange, told: str) -> None:
    arrange(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(CommandError) as caught:
        write_file(tmp_path / "docs" / "a.md", b"ours", tmp_path, before=None)
    assert caught.value.message == told
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("arrange", "told"),
    [
        (lambda file: file.mkdir(), "a.md cannot be read: is a directory; put a readable file there"),
        (lambda file: file.symlink_to("no"), "a.md is a link to a file that does not exist: correct the link, "),
        (lambda file: file.symlink_to("a.md"), "a.md cannot be read: too many levels of symbolic links; "),
        (lambda file: file.write_bytes(b"a\n\xff"), "a.md:2: the file is not UTF-8: save it as UTF-8"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, arrange, told: str) -> None:
    arrange(tmp_path / "a.md")
    with pytest.raises(CommandError) as caught:
        read_text(tmp_path / "a.md", tmp_path)
    assert caught.value.message.startswith(told)


def test_one_file_that_cannot_be_laid_out_stops_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "paths").mkdir()
    (tmp_path / "paths" / "a.yaml").symlink_to("a.yaml")
    (tmp_path / "paths" / "b.yaml").mkdir()
    (tmp_path / "paths" / "c.yaml").write_text("get: 1 \n")
    fixed, problems = fix_files(tmp_path, check=False)
    assert fixed == ["paths/c.yaml"]
    assert [problem.partition(" cannot")[0] for problem in problems] == ["paths/a.yaml", "paths/b.yaml"]


@pytest.mark.parametrize("words", [("fix",), ("editor",), ("lint",), ("show", "get_me"), ("docs",)])
def test_without_a_document_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(resources, "OPENAPI", tmp_path / "openapi")
    monkeypatch.setattr(resources, "CHECKOUT", tmp_path)
    if words[0] in ("lint", "show", "docs"):
        from app.pipeline import contract

        monkeypatch.setitem(contract.read_contract.__kwdefaults__, "document", tmp_path / "openapi" / "openapi.yaml")
    response = CliRunner().invoke(main, ["spec", *words])
    assert response.exit_code == 78
    assert "openapi/openapi.yaml:1: " in response.output
    assert "does not exist" in response.output
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_that_cannot_be_written_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bundle.json").write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    response = CliRunner().invoke(main, ["spec", "bundle", "--output", str(tmp_path / "bundle.json")])
    assert response.exit_code == 1
    assert "bundle.json cannot be written: no space left on device; free some space" in response.output
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]
