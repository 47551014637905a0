"""The TypeScript package, installed into an empty folder, passes its tests and does what its README shows."""

import json
import os
import re
import shutil
import sys
from pathlib import Path

from app.mock.people import PASSWORD as MOCK_PASSWORD
from tests.prove.proof import ROOT, needed, run
from tests.prove.quick_start import ADMIN, PASSWORD, started
from tests.prove.tools import fetch_node

LAYER = ROOT / "sdk" / "typescript"
_STRICT = {
    "strict": True, "noUncheckedIndexedAccess": True, "exactOptionalPropertyTypes": True,
    "noPropertyAccessFromIndexSignature": True, "noImplicitOverride": True, "skipLibCheck": False,
    "target": "ES2022", "module": "node16", "lib": ["ES2022", "DOM", "DOM.Iterable"], "types": ["node"],
}  # fmt: skip


def prove(place: Path) -> None:
    """Build the package twice, install it, check its types, and run its tests and its README against a server."""
    node = needed("node", package="nodejs", purpose="run the TypeScript package")
    charter = [sys.executable, "-m", "app.cli"]
    for folder in ("once", "twice"):
        run(*charter, "sdk", "build", "typescript", "--output", str(place / folder))
    (built,) = (place / "once").iterdir()
    assert built.read_bytes() == (place / "twice" / built.name).read_bytes()
    print("both builds have the same bytes")
    run(*charter, "sdk", "size")

    pins = json.loads((LAYER / "package.json").read_text())["devDependencies"]
    tools = fetch_node(place, str(built), *(f"{name}@{pins[name]}" for name in ("typescript", "@types/node")))
    walk = tools.parents[1]
    (walk / "package.json").write_text(json.dumps({"private": True, "type": "module"}))
    shutil.copytree(LAYER / "tests", walk / "tests")
    (walk / "tests" / "readme.ts").write_text(_samples(), encoding="utf-8")
    settings = {"compilerOptions": {**_STRICT, "rootDir": "tests", "outDir": "made"}, "include": ["tests"]}
    (walk / "tsconfig.json").write_text(json.dumps(settings))
    run(str(tools / "tsc"), cwd=walk)
    required = 'const { Charter } = require("charter-client"); new Charter({ baseUrl: "http://127.0.0.1" }).me.getMe;'
    run(node, "--input-type=commonjs", "--eval", required, cwd=walk)

    local = {"PATH": os.environ["PATH"], "HOME": str(place), "CHARTER_ENV": "development", **ADMIN}
    local |= {f"LIMIT_{name}": "100000/60" for name in ("DEFAULT", "READ", "WRITE", "LOGIN", "REGISTER", "REFRESH")}
    local["CHARTER_STATE"] = str(place / "state")
    with started([*charter, "serve"], place / "server.log", cwd=ROOT, environment=local) as url:
        tests = sorted(str(path) for path in (walk / "made").glob("*.test.js"))
        run(node, "--test", *tests, cwd=walk, CHARTER_URL=url, CHARTER_ADMIN_PASSWORD=PASSWORD)
        program = walk / "made" / "readme.js"
        program.write_text(program.read_text().replace("https://accounts.example.com", url))
        run(node, "made/readme.js", cwd=walk)
    print("the same tests against the mock")
    mock = {name: value for name, value in local.items() if name != "CHARTER_ENV"}
    with started([*charter, "mock", "--port", "0"], place / "mock.log", cwd=ROOT, environment=mock) as url:
        run(node, "--test", *tests, cwd=walk, CHARTER_URL=url, CHARTER_ADMIN_PASSWORD=MOCK_PASSWORD)


def _samples() -> str:
    """Return the samples of the README as one program for a server with its first admin alone."""
    text = (LAYER / "README.md").read_text(encoding="utf-8")
    program = "\n".join(re.findall(r"^```ts\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    return program.replace("ada@example.com", "admin@example.com").replace("marmalade lantern 7 quarry", PASSWORD)
