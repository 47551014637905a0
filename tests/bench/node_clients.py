"""What a call of the TypeScript package costs beside the same request by fetch alone: one client, one call at a time.

Each round is a process of Node on the core of the load, in which the two take turns every few calls. The verdict
compares the processor time of a call there.
"""

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from app.resources import OPENAPI
from app.sdk.typescript import build_typescript
from app.spec.document import load
from tests.bench.clients import Pair
from tests.bench.driver import HOST, LoadError, Measured
from tests.bench.processes import ROOT
from tests.bench.shares import Shares
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
    words = [node, str(PROGRAM), _installed(folder).as_uri(), f"http://{HOST}:{port}", token]
    pair = Pair(lambda seconds: _rounds(words, seconds))
    return {"fetch, Node": pair.first, "package, Node": pair.second}


def _installed(folder: Path) -> Path:
    bundle = load(OPENAPI / "openapi.yaml").bundle
    layer, output = ROOT / "sdk" / "typescript", folder / "built"
    [built] = build_typescript(bundle, layer=layer, licence=ROOT / "LICENSE", output=output)
    with tarfile.open(built) as archive:
        archive.extractall(folder / "node", filter="data")
    return folder / "node" / "package" / "dist" / "esm" / "index.js"


def _rounds(words: list[str], seconds: float) -> tuple[Round, Round]:
    done = subprocess.run([*words, str(seconds)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise LoadError(f"{PROGRAM.name} failed: {done.stderr[:500]}")
    one, other = (_round(line) for line in done.stdout.splitlines())
    return one, other


def _round(line: str) -> Round:
    rate, p50, p99, slowest, share = (float(word) for word in line.split())
    # What others use of the core is not asked for: the turns are too short for it.
    return Round(Measured(rate, p50, p99, slowest), Shares(share, 0, 0, 0, share, share))
