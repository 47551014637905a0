"""Released documents: their order, their form, and the lowest version that may follow."""

from pathlib import Path

import pytest

from app.spec.diff import Severity
from app.spec.released import checksum, lowest_version, parse_version, read_checksums, releases, write_release


def test_versions_are_three_numbers() -> None:
    assert parse_version("1.10.0") == (1, 10, 0)
    assert [text for text in ("1.0", "v1.0.0", "1.0.0-rc1", "01.0.0", "1.0.0\n", "") if parse_version(text)] == []


def test_releases_are_ordered_by_number_and_other_files_are_none(tmp_path: Path) -> None:
    for version in ("1.10.0", "1.9.0", "2.0.0"):
        write_release(tmp_path, {"info": {"version": version}})
    (tmp_path / "draft.json").write_text("{}")
    assert [release.path.name for release in releases(tmp_path)] == ["1.9.0.json", "1.10.0.json", "2.0.0.json"]
    assert releases(tmp_path / "nowhere") == []


def test_a_release_is_sorted_and_written_once(tmp_path: Path) -> None:
    path = write_release(tmp_path / "released", {"paths": {}, "info": {"version": "1.0.0", "title": "Å"}})
    text = '{\n  "info": {\n    "title": "Å",\n    "version": "1.0.0"\n  },\n  "paths": {}\n}\n'
    assert path.read_text(encoding="utf-8") == text
    with pytest.raises(FileExistsError):
        write_release(path.parent, {"info": {"version": "1.0.0"}})
    assert path.read_text(encoding="utf-8") == text
    assert read_checksums(path.parent) == {"1.0.0.json": checksum(text.encode())}


@pytest.mark.parametrize(
    ("severity", "lowest"),
    [
        (Severity.BREAKING, (2, 0, 0)),
        (Severity.ADDITIVE, (1, 3, 0)),
        (Severity.COSMETIC, (1, 2, 4)),
        (None, (1, 2, 4)),
    ],
)
def test_the_worst_change_decides_on_the_next_version(severity: Severity | None, lowest: tuple[int, ...]) -> None:
    assert lowest_version((1, 2, 3), severity) == lowest
