"""The files of others that the reference pages load, made again from their npm packages: `make vendor`.

`app/pages/vendor/vendored.json` names each package with its exact version, its licence and its files. A file may have
changes: texts that are replaced, such as an address that a page must not load from.
"""

import gzip
import hashlib
import json
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "app" / "pages" / "vendor"
LIST = "vendored.json"


def renew(folder: Path) -> None:
    """Fetch the packages of the list, and write their files and checksums into a folder.

    Raises:
        subprocess.CalledProcessError: npm cannot fetch a package.
        ValueError: a text to replace is not in its file.
    """
    packages = json.loads((FOLDER / LIST).read_text(encoding="utf-8"))
    folder.mkdir(parents=True, exist_ok=True)
    for package in packages:
        with TemporaryDirectory() as scratch:
            members = _fetch(f"{package['name']}@{package['version']}", Path(scratch))
        for licence in package["licences"]:
            (folder / licence["name"]).write_bytes(members[f"package/{licence['source']}"])
        for file in package["files"]:
            original = members[f"package/{file['source']}"]
            file["source_sha256"] = digest(original)
            content = _changed(original, file)
            file["sha256"] = digest(content)
            (folder / f"{file['name']}.gz").write_bytes(gzip.compress(content, 9, mtime=0))
    (folder / LIST).write_text(json.dumps(packages, indent=2) + "\n", encoding="utf-8")


def _fetch(pin: str, scratch: Path) -> dict[str, bytes]:
    """Return the files of a package by name."""
    command = ["npm", "pack", "--silent", "--pack-destination", str(scratch), pin]
    subprocess.run(command, cwd=scratch, check=True, stdout=subprocess.DEVNULL)
    with tarfile.open(next(scratch.glob("*.tgz"))) as archive:
        files = ((item.name, archive.extractfile(item)) for item in archive)
        return {name: file.read() for name, file in files if file is not None}


def _changed(content: bytes, file: dict[str, Any]) -> bytes:
    for change in file.get("changes", ()):
        if change["from"].encode() not in content:
            raise ValueError(f"{file['source']} no longer has {change['from']}: look what became of it.")
        content = content.replace(change["from"].encode(), change["to"].encode())
    return content


def digest(content: bytes) -> str:
    """Return the SHA-256 of bytes in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    renew(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
