"""From sources to what is published: a source archive and a wheel, the same bytes each time."""

import base64
import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.sdk.archives import tar_gz
from app.sdk.python.sources import PACKAGE, write_sources

DISTRIBUTION = "charter-client"
_REQUIRES = ("attrs>=23.2", "httpx>=0.27,<1")
_SUMMARY = "A typed client of the Charter API, sync and async."
# The files of an archive have no times of their own: the earliest that a zip file can have.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_PROJECT = """[build-system]
requires = ["setuptools>=80"]
build-backend = "setuptools.build_meta"

[project]
name = "{name}"
version = "{version}"
description = "{summary}"
readme = "README.md"
requires-python = ">=3.11"
license = "MIT"
license-files = ["LICENSE"]
dependencies = [{requires}]

[tool.setuptools.packages.find]
include = ["{package}*"]

[tool.setuptools.package-data]
{package} = ["py.typed"]
"""


def build_python(bundle: dict[str, Any], *, layer: Path, licence: Path, output: Path) -> list[Path]:
    """Build the wheel and the source archive.

    Args:
        bundle: the document as one.
        layer: the folder with the hand-written modules, the templates and the README.
        licence: the text of the licence.
        output: the folder to write to; it is made if it does not exist.

    Raises:
        GenerationError: a part of the document cannot be generated.
    """
    version = bundle["info"]["version"]
    with TemporaryDirectory(prefix="charter-sdk-") as scratch:
        root = Path(scratch) / PACKAGE
        write_sources(bundle, layer, root)
        modules = {
            path.relative_to(root.parent).as_posix(): path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.is_file()
        }
    readme, text = (layer / "README.md").read_bytes(), licence.read_bytes()
    metadata = _metadata(version, readme)
    output.mkdir(parents=True, exist_ok=True)
    wheel = output / f"{PACKAGE}-{version}-py3-none-any.whl"
    wheel.write_bytes(_wheel(version, modules, metadata, text))
    project = _PROJECT.format(
        name=DISTRIBUTION,
        version=version,
        summary=_SUMMARY,
        package=PACKAGE,
        requires=", ".join(f'"{line}"' for line in _REQUIRES),
    )
    rest = {"PKG-INFO": metadata, "pyproject.toml": project.encode(), "README.md": readme, "LICENSE": text}
    sdist = output / f"{PACKAGE}-{version}.tar.gz"
    sdist.write_bytes(tar_gz(f"{PACKAGE}-{version}", {**modules, **rest}))
    return [wheel, sdist]


def _metadata(version: str, readme: bytes) -> bytes:
    lines = [
        "Metadata-Version: 2.4",
        f"Name: {DISTRIBUTION}",
        f"Version: {version}",
        f"Summary: {_SUMMARY}",
        "License-Expression: MIT",
        "License-File: LICENSE",
        "Requires-Python: >=3.11",
        "Classifier: Typing :: Typed",
        *(f"Requires-Dist: {line}" for line in _REQUIRES),
        "Description-Content-Type: text/markdown",
    ]
    return "\n".join([*lines, "", ""]).encode() + readme


def _wheel(version: str, modules: Mapping[str, bytes], metadata: bytes, licence: bytes) -> bytes:
    info = f"{PACKAGE}-{version}.dist-info"
    files = {
        **modules,
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: charter\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/licenses/LICENSE": licence,
    }
    record = [f"{name},sha256={_digest(content)},{len(content)}" for name, content in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""]).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = 0o100644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return packed.getvalue()


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
