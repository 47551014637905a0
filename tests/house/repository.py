"""The files of this repository, as the house tests see them."""

import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def files(*patterns: str) -> tuple[Path, ...]:
    """Return the files that are, or would be, under version control.

    Args:
        patterns: such as "*.py"; none: all files.
    """
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *patterns],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found = tuple(ROOT / name for name in sorted(set(listed.split("\0"))) if name and (ROOT / name).is_file())
    assert found, f"git knows no {' '.join(patterns) or 'files'} here"
    return found


def check(faults: Iterable[object], fix: str) -> None:
    """Fail if there are faults, with what to do about them and one line for each."""
    lines = [str(fault) for fault in faults]
    assert not lines, "\n".join([fix, *(f"  {line}" for line in lines)])


def shown(path: Path) -> str:
    """Return a path as it is written in a message."""
    return path.relative_to(ROOT).as_posix()
