"""The TypeScript package as its users have it: built, and installed into a folder with the pinned tools."""

import json
import shutil
from pathlib import Path
from typing import Any

from app.sdk.error_codes import error_codes
from tests.document import DOCUMENT
from tests.prove.proof import CHARTER, ROOT, needed, run
from tests.prove.quick_start import PASSWORD

LAYER = ROOT / "sdk" / "typescript"
STRICT = {
    "strict": True, "noUncheckedIndexedAccess": True, "exactOptionalPropertyTypes": True,
    "noPropertyAccessFromIndexSignature": True, "noImplicitOverride": True, "skipLibCheck": False,
    "target": "ES2022", "lib": ["ES2023", "DOM", "DOM.Iterable"], "types": ["node"], "rootDir": "tests",
}  # fmt: skip
# What the programs of the tests find in their environment.
WORLD = {
    "CHARTER_ADMIN_PASSWORD": PASSWORD,
    "CHARTER_ERROR_CODES": json.dumps({error.code: error.name for error in error_codes(DOCUMENT.bundle)}),
}


def node() -> str:
    """Return the path of Node.

    Raises:
        Skipped: it is not on this machine.
    """
    return needed("node", package="nodejs", purpose="run the TypeScript package")


def build(output: Path) -> Path:
    """Build the package into a folder; return its archive."""
    node()
    run(*CHARTER, "sdk", "build", "typescript", "--output", str(output))
    (archive,) = output.glob("*.tgz")
    return archive


def install(place: Path, archive: Path) -> Path:
    """Return a folder with the tests, the package, and the tools of sdk/typescript in the versions of its lock."""
    npm = needed("npm", package="npm", purpose="install the TypeScript package")
    folder = place / "walk"
    folder.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(LAYER / name, folder / name)
    quiet = ("--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")
    run(npm, "ci", "--ignore-scripts", *quiet, cwd=folder)
    run(npm, "install", "--no-save", "--ignore-scripts", *quiet, str(archive), cwd=folder)
    (folder / "package.json").write_text('{"private": true, "type": "module", "dependencies": {"charter-client": "*"}}')
    shutil.copytree(LAYER / "tests", folder / "tests")
    return folder


def compile_tests(folder: Path, *, module: str, resolution: str, **more: Any) -> None:
    """Compile the tests with all strict options; what is written is in `made`."""
    options = {**STRICT, "module": module, "moduleResolution": resolution, "outDir": "made", **more}
    settings = folder / f"tsconfig.{resolution}.json"
    # A file of CommonJS has no meaning to a bundler.
    chosen = {"include": ["tests"], "exclude": ["**/*.cts"] if resolution == "Bundler" else []}
    settings.write_text(json.dumps({"compilerOptions": options, **chosen}))
    run(str(program(folder, "tsc")), "--project", str(settings), cwd=folder)


def program(folder: Path, name: str) -> Path:
    """Return the path of a program that npm installed."""
    return folder / "node_modules" / ".bin" / name


def run_tests(folder: Path, *names: str, **variables: str) -> None:
    """Run test files, which see these variables; a test that hangs fails."""
    made = [f"made/{name}.test.js" for name in names]
    run(node(), "--test", "--test-timeout=120000", *made, cwd=folder, **(WORLD | variables))
