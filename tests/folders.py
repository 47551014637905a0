"""The folders of test servers."""

import shutil
from pathlib import Path


def remove(place: Path) -> None:
    """Remove a folder that servers used, with the data that root's PostgreSQL has elsewhere, unable to reach it."""
    for link in place.rglob("postgres"):
        if link.is_symlink():
            shutil.rmtree(link.resolve(), ignore_errors=True)
    shutil.rmtree(place, ignore_errors=True)
