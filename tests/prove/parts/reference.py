"""The reference works in Chromium and asks no other host, and its samples run."""

import json
import os
import sys
from pathlib import Path

from tests import vendored
from tests.prove.proof import ROOT, needed, run
from tests.prove.quick_start import ADMIN, PASSWORD, started
from tests.prove.reference.samples import compile_typescript, run_curl
from tests.prove.tools import fetch_node, fetch_python

PLAYWRIGHT, AXE = "playwright==1.65.2", "axe-core@4.14.1"
WIDE_LIMITS = {f"LIMIT_{name}": "100000/60" for name in ("DEFAULT", "READ", "WRITE", "LOGIN", "REGISTER", "REFRESH")}


def prove(place: Path) -> None:
    """Renew the vendored files, and try everything against two servers: with the default limits, and with wide ones."""
    chromium = needed("chromium", package="chromium", purpose="open the reference")
    needed("curl", package="curl", purpose="run its samples")
    _check_vendored(place / "vendor")
    python = fetch_python(place, PLAYWRIGHT) / "python"
    axe = fetch_node(place, AXE).parent / "axe-core" / "axe.min.js"
    pictures = Path(os.environ.get("PICTURES", place / "pictures"))
    pictures.mkdir(parents=True, exist_ok=True)
    local = {"PATH": os.environ["PATH"], "HOME": str(place), "CHARTER_ENV": "development", **ADMIN}
    local["CHARTER_STATE"] = str(place / "state")
    serve = [sys.executable, "-m", "app.cli", "serve"]
    with started(serve, place / "server.log", cwd=ROOT, environment=local) as url:
        settings = {"url": url, "chromium": chromium, "axe": str(axe), "pictures": str(pictures), "password": PASSWORD}
        run(str(python), "-I", str(ROOT / "tests" / "prove" / "reference" / "browser.py"), json.dumps(settings))
    with started(serve, place / "second.log", cwd=ROOT, environment=local | WIDE_LIMITS) as url:
        run_curl(url, place)
        compile_typescript(url, place)


def _check_vendored(folder: Path) -> None:
    """Show that the vendored files are what the list says, made from the packages of the index."""
    needed("npm", package="npm", purpose="fetch the packages of the vendored files")
    vendored.renew(folder)
    for path in folder.iterdir():
        assert path.read_bytes() == (vendored.FOLDER / path.name).read_bytes(), f"{path.name} differs: run make vendor"
    print("the vendored files are those of their packages, with the changes of the list")
