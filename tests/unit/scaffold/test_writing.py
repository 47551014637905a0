"""All files are written, or none."""

from pathlib import Path

import pytest

from app.scaffold.project import NewProjectError, make_project, specifier
from app.scaffold.writing import write_changed, write_new


def tree(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_files_are_written_and_changed(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("1")
    write_changed(tmp_path, {"a/b/c": "new"}, {"old": ("1", "2")})
    assert tree(tmp_path) == {"a/b/c": "new", "old": "2"}


def test_a_file_that_exists_is_kept_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "z").write_text("mine")
    with pytest.raises(FileExistsError):
        write_new(tmp_path, {"a/b": "x", "z": "y"})
    assert tree(tmp_path) == {"z": "mine"}
    assert [path.name for path in tmp_path.iterdir()] == ["z"]


def test_a_file_that_has_changed_meanwhile_is_kept(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("3")
    with pytest.raises(FileExistsError):
        write_changed(tmp_path, {"a": "x"}, {"old": ("1", "2")})
    assert tree(tmp_path) == {"old": "3"}


def test_a_folder_that_is_a_file_undoes_the_rest(tmp_path: Path) -> None:
    (tmp_path / "docs").write_text("a file")
    with pytest.raises(OSError, match="docs"):
        write_new(tmp_path, {"a/b": "x", "docs/features/c": "y"})
    assert tree(tmp_path) == {"docs": "a file"}
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("name", ["charter", "handlers", "Shop", "my shop", "1st", ""])
def test_a_project_needs_a_name_of_its_own(name: str, tmp_path: Path) -> None:
    with pytest.raises(NewProjectError):
        make_project(name, tmp_path / "shop", release="0.1.0", wheel=None)
    assert list(tmp_path.iterdir()) == []


def test_a_project_needs_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(NewProjectError, match="not empty"):
        make_project("shop", tmp_path, release="0.1.0", wheel=None)
    assert tree(tmp_path) == {"notes": "mine"}


def test_a_project_is_made_in_an_empty_folder_or_a_new_one(tmp_path: Path) -> None:
    wheel = tmp_path / "charter-0.1.0-py3-none-any.whl"
    wheel.write_text("wheel")
    for folder in (tmp_path / "a" / "b", tmp_path / "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        written = make_project("shop", folder, release="0.1.0", wheel=wheel)
        assert set(tree(folder)) == set(written) > {".gitignore", "Makefile", f"wheels/{wheel.name}"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", wheel.name, "empty"]


@pytest.mark.parametrize(
    ("release", "allowed"), [("0.1.0", ">=0.1.0,<0.2"), ("1.4.2", ">=1.4.2,<2"), ("0.1.dev3", ">=0.1,<0.2")]
)
def test_a_project_takes_releases_without_a_breaking_change(release: str, allowed: str) -> None:
    assert specifier(release) == allowed
