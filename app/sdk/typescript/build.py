"""From sources to what is published: an archive as `npm pack` lays it out, the same bytes each time."""

import gzip
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.sdk.archives import tar_gz
from app.sdk.document import GenerationError
from app.sdk.typescript.sources import write_sources

PACKAGE = "charter-client"
# The two forms of a module, and what package.json calls them.
_FORMS = {"esm": "module", "cjs": "commonjs"}


@dataclass(frozen=True, slots=True)
class Size:
    """The size in bytes of the whole package as one minified file."""

    minified: int
    compressed: int


def build_typescript(bundle: dict[str, Any], *, layer: Path, licence: Path, output: Path) -> list[Path]:
    """Build the archive.

    Args:
        bundle: the document as one.
        layer: the folder with the hand-written modules, the templates, the README and the pinned tools.
        licence: the text of the licence.
        output: the folder to write to; it is made if it does not exist.

    Raises:
        GenerationError: a part of the document cannot be generated, or the tools cannot be fetched.
    """
    version = bundle["info"]["version"]
    with _compiled(bundle, layer) as root:
        dist = root / "dist"
        files = {path.relative_to(root).as_posix(): path.read_bytes() for path in dist.rglob("*") if path.is_file()}
    files["package.json"] = _manifest(version)
    files["README.md"], files["LICENSE"] = (layer / "README.md").read_bytes(), licence.read_bytes()
    output.mkdir(parents=True, exist_ok=True)
    archive = output / f"{PACKAGE}-{version}.tgz"
    archive.write_bytes(tar_gz("package", files))
    return [archive]


def size_of_typescript(bundle: dict[str, Any], *, layer: Path) -> Size:
    """Return what the whole package adds to a page.

    Raises:
        GenerationError: see `build_typescript`.
    """
    with _compiled(bundle, layer) as root:
        target = root / "bundle.js"
        words = ["--bundle", "--minify", "--format=esm", "--log-level=warning", f"--outfile={target}"]
        _run([str(_program(root, "esbuild")), str(root / "dist" / "esm" / "index.js"), *words], root)
        content = target.read_bytes()
    return Size(len(content), len(gzip.compress(content, 9, mtime=0)))


def _manifest(version: str) -> bytes:
    places = {
        condition: {"types": f"./dist/{form}/index.d.ts", "default": f"./dist/{form}/index.js"}
        for condition, form in (("import", "esm"), ("require", "cjs"))
    }
    manifest = {
        "name": PACKAGE,
        "version": version,
        "description": "A typed client of the Charter API for Node, browsers, Deno, Bun and workers.",
        "license": "MIT",
        "type": "module",
        "sideEffects": False,
        "engines": {"node": ">=20"},
        "main": "./dist/cjs/index.js",
        "module": "./dist/esm/index.js",
        "types": "./dist/esm/index.d.ts",
        "exports": {".": places, "./package.json": "./package.json"},
        "files": ["dist"],
    }
    return (json.dumps(manifest, indent=2) + "\n").encode()


@contextmanager
def _compiled(bundle: dict[str, Any], layer: Path) -> Iterator[Path]:
    """Give a folder whose `dist` has both forms, and which has the tools."""
    node, npm = _needed("node"), _needed("npm")
    with TemporaryDirectory(prefix="charter-sdk-") as scratch:
        root = Path(scratch)
        write_sources(bundle, layer, root / "src")
        for name in ("package.json", "package-lock.json", "tsconfig.json"):
            shutil.copy(layer / name, root / name)
        _run([npm, "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"], root)
        compiler = root / "node_modules" / "typescript" / "bin" / "tsc"
        for form, kind in _FORMS.items():
            # tsc writes the form that the nearest package.json names.
            (root / "package.json").write_text(json.dumps({"type": kind}))
            target = root / "dist" / form
            _run([node, str(compiler), "--outDir", str(target)], root)
            (target / "package.json").write_text(json.dumps({"type": kind}) + "\n")
        yield root


def _program(root: Path, name: str) -> Path:
    return root / "node_modules" / ".bin" / name


def _needed(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        raise GenerationError(
            f"{program} is not on PATH: the TypeScript package is compiled with Node 20 or newer and its npm.\n"
            "Install them (Debian: apt-get install nodejs npm)."
        )
    return found


def _run(words: list[str], root: Path) -> None:
    done = subprocess.run(words, cwd=root, env=os.environ, capture_output=True, text=True, check=False)
    if done.returncode:
        output_text = (done.stdout + done.stderr).strip() or "no output"
        name = Path(words[1] if Path(words[0]).name == "node" else words[0]).name
        raise GenerationError(f"{name} failed with {done.returncode}:\n{output_text[:3000]}")
