"""The folder that workers count in."""

import os
import tempfile

import pytest

from app.observability import multiprocess
from app.observability.multiprocess import FOLDER_VARIABLE, MetricsFolderError, shared_folder


def test_it_is_named_for_workers_and_gone_afterwards(tmp_path):
    with shared_folder(str(tmp_path)) as folder:
        assert folder.parent == tmp_path
        assert os.environ[FOLDER_VARIABLE] == str(folder)
        (folder / "counter_0.db").touch()
    assert not folder.exists()
    assert FOLDER_VARIABLE not in os.environ


def test_it_is_in_memory_where_there_is_such_a_place_else_among_temporary_files(tmp_path, monkeypatch):
    memory, disk = tmp_path / "memory", tmp_path / "disk"
    monkeypatch.setattr(multiprocess, "_MEMORY", memory)
    monkeypatch.setattr(tempfile, "tempdir", str(disk))
    disk.mkdir()
    with shared_folder("") as folder:
        assert folder.parent == disk
    memory.mkdir()
    with shared_folder("") as folder:
        assert folder.parent == memory


def test_a_chosen_folder_that_cannot_be_written_to_is_named(tmp_path):
    (tmp_path / "file").touch()
    chosen = str(tmp_path / "file" / "inside")
    with pytest.raises(MetricsFolderError, match=f"METRICS_DIR {chosen} is not writable .Not a directory"):
        shared_folder(chosen).__enter__()


def test_without_any_folder_the_setting_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(multiprocess, "_MEMORY", tmp_path / "none")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with pytest.raises(MetricsFolderError, match="set METRICS_DIR to another folder, or set WORKERS=1"):
        shared_folder("").__enter__()
