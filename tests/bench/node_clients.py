"""What a call of the TypeScript package costs beside the same request by fetch alone: one client, one call at a time.

Each round is a process of Node on the core of the load. The verdict compares the processor time of a call there.
"""

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from app.resources import OPENAPI
from app.sdk.typescript import build_typescript
from app.spec.document import load
from tests.bench.driver import HOST, LoadError, Measured
from tests.bench.processes import LOAD_CORE, ROOT, busy_seconds
from tests.bench.works import Entrant, Round

PROGRAM = Path(__file__).with_name("node_calls.mjs")


def node_clients(port: int, token: str, folder: Path) -> dict[str, Entrant]:
    """Build the package, and return the clients that read an account, ready to be measured; none without Node.

    Args:
        port: of the server.
        token: an access token of the account.
        folder: for the package.
    """
    node = shutil.which("node")
    if node is None:
        sys.stderr.write("There is no node here, so the TypeScript package is not measured.\n")
        return {}
    module = _installed(folder)

    def entrant(who: str) -> Entrant:
        words = [node, str(PROGRAM), who, f"http://{HOST}:{port}", token]
        return lambda seconds: _round(words, seconds)

    return {"fetch, Node": entrant("fetch"), "package, Node": entrant(module.as_uri())}


def _installed(folder: Path) -> Path:
    bundle = load(OPENAPI / "openapi.yaml").bundle
    layer, output = ROOT / "sdk" / "typescript", folder / "built"
    [built] = build_typescript(bundle, layer=layer, licence=ROOT / "LICENSE", output=output)
    with tarfile.open(built) as archive:
        archive.extractall(folder / "node", filter="data")
    return folder / "node" / "package" / "dist" / "esm" / "index.js"


def _round(words: list[str], seconds: float) -> Round:
    busy = busy_seconds(LOAD_CORE)
    done = subprocess.run([*words, str(seconds)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise LoadError(f"{PROGRAM.name} failed: {done.stderr[:500]}")
    passed, rate, p50, p99, slowest, processor = (float(word) for word in done.stdout.split())
    share = rate * processor / 1000
    return Round(Measured(rate, p50, p99, slowest), share, (busy_seconds(LOAD_CORE) - busy) / passed)
