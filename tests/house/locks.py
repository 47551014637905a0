"""What is locked in requirements/, and an index for tests that offers it, and something newer."""

import hashlib
import importlib.metadata
import re
import zipfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.repository import ROOT

# The locks from small to large, and the extras of pyproject.toml that each has.
LOCKS = {
    "runtime": (),
    "run": ("embedded",),
    "dev": ("embedded", "tools", "dev"),
    "bench": ("embedded", "tools", "dev", "bench"),
}
NEWER = "99999"

Pin = tuple[str, Marker | None, list[str]]
"""Version, the environments it is for, hashes."""


@cache
def pins(lock: str) -> dict[str, Pin]:
    """Return what a lock pins, by canonical name.

    Raises:
        AssertionError: a line is not a plain pin.
    """
    text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8").replace("\\\n", " ")
    found: dict[str, Pin] = {}
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            wanted, *hashes = line.split(" --hash=")
            requirement = Requirement(wanted.strip())
            version = re.fullmatch(r"==([0-9][0-9a-z.]*)", str(requirement.specifier))
            assert version, f"{lock}: {wanted} is not pinned"
            assert not requirement.extras, f"{lock}: {wanted}: old pips resolve a name with an extra apart"
            name = canonicalize_name(requirement.name)
            assert name not in found, f"{lock}: {name} is there twice"
            found[name] = (version[1], requirement.marker, [item.strip() for item in hashes])
    return found


def offer(folder: Path, name: str, version: str, asks: Sequence[str] = ()) -> str:
    """Make a wheel without code, as an index would offer it; return its hash.

    Args:
        asks: what it depends on.
    """
    stem = f"{name.replace('-', '_')}-{version}"
    path = folder / f"{stem}-py3-none-any.whl"
    asked = "".join(f"Requires-Dist: {each}\n" for each in asks)
    kind = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(
            f"{stem}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{asked}"
        )
        wheel.writestr(f"{stem}.dist-info/WHEEL", kind)
        wheel.writestr(f"{stem}.dist-info/RECORD", "")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def offer_newer(folder: Path) -> None:
    """Offer a newer version of every package that is locked anywhere."""
    for name in pins("bench"):
        offer(folder, name, NEWER)


def offer_lock(folder: Path, lock: str) -> dict[str, str]:
    """Offer what a lock pins, as far as it is for this Python, with all that it asks for; and each in a newer version.

    `requirements/<lock>.txt` under the folder is the lock with the hashes of these wheels.

    Returns:
        The pinned versions by name.
    """
    held = {name: pin[0] for name, pin in pins(lock).items() if pin[1] is None or pin[1].evaluate()}
    path = folder / "requirements" / f"{lock}.txt"
    path.parent.mkdir()
    with path.open("w", encoding="utf-8") as lines:
        for name, version in held.items():
            offer(folder, name, NEWER)
            digest = offer(folder, name, version, importlib.metadata.requires(name) or [])
            lines.write(f"{name}=={version} --hash=sha256:{digest}\n")
    return held
