"""The documents that were released: `openapi/released/<version>.json`, and what the next version must be.

A released document never changes: `checksums.json` beside it has its SHA-256, and a test compares them.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from app.spec.diff.changes import Severity

CHECKSUMS = "checksums.json"
_VERSION = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)")

Version = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Release:
    """A document that was released."""

    version: Version
    path: Path


def parse_version(text: str) -> Version | None:
    """Return a version of three numbers; None for anything else."""
    found = _VERSION.fullmatch(text)
    return tuple(map(int, found.groups())) if found else None


def releases(folder: Path) -> list[Release]:
    """Return the released documents in a folder, the oldest first; none if there is no such folder."""
    found = ((parse_version(path.stem), path) for path in folder.glob("*.json"))
    return sorted((Release(version, path) for version, path in found if version), key=lambda release: release.version)


def canonical_json(bundle: dict[str, Any]) -> bytes:
    """Return a bundle as it is released: keys sorted, one value in a line, so that versions can be compared by line."""
    return orjson.dumps(bundle, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def write_release(folder: Path, bundle: dict[str, Any]) -> Path:
    """Write a bundle as a release with its checksum, and return its path.

    Raises:
        FileExistsError: this version is released.
    """
    folder.mkdir(exist_ok=True)
    path, raw = folder / f"{bundle['info']['version']}.json", canonical_json(bundle)
    with path.open("xb") as file:
        file.write(raw)
    sums = read_checksums(folder) | {path.name: checksum(raw)}
    (folder / CHECKSUMS).write_bytes(canonical_json(sums))
    return path


def read_checksums(folder: Path) -> dict[str, str]:
    """Return the checksum of each release by the name of its file."""
    path = folder / CHECKSUMS
    return dict(orjson.loads(path.read_bytes())) if path.is_file() else {}


def checksum(raw: bytes) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(raw).hexdigest()


def lowest_version(last: Version, severity: Severity | None) -> Version:
    """Return the lowest version that may follow another, by semantic versioning.

    Args:
        last: the version before.
        severity: the worst of the changes since; None if there are none.
    """
    major, minor, patch = last
    if severity is Severity.BREAKING:
        return (major + 1, 0, 0)
    if severity is Severity.ADDITIVE:
        return (major, minor + 1, 0)
    return (major, minor, patch + 1)
