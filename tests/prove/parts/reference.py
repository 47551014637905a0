"""The reference works in Chromium and asks no other host, and its samples run."""

import json
import os
from pathlib import Path

from tests import vendored
from tests.limits import WIDE_LIMITS
from tests.prove import pins
from tests.prove.proof import ROOT, needed, run
from tests.prove.quick_start import PASSWORD, served
from tests.prove.reference.samples import compile_typescript, run_curl
from tests.prove.tools import fetch_node, fetch_python


def prove(place: Path) -> None:
    """Renew the vendored files, and try everything against two servers: with the default limits, and with wide ones."""
    chromium = needed("chromium", package="chromium", purpose="open the reference")
    needed("curl", package="curl", purpose="run its samples")
    _check_vendored(place / "vendor")
    python = fetch_python(place, pins.PLAYWRIGHT) / "python"
    axe = fetch_node(place, pins.AXE).parent / "axe-core" / "axe.min.js"
    pictures = Path(os.environ.get("PICTURES", place / "pictures"))
    pictures.mkdir(parents=True, exist_ok=True)
    with served(place / "server") as url:
        settings = {"url": url, "chromium": chromium, "axe": str(axe), "pictures": str(pictures), "password": PASSWORD}
        run(str(python), "-I", str(ROOT / "tests" / "prove" / "reference" / "browser.py"), json.dumps(settings))
    with served(place / "server", **WIDE_LIMITS) as url:
        run_curl(url, place)
        compile_typescript(url, place)


def _check_vendored(folder: Path) -> None:
    """Show that the vendored files are what the list says, made from the packages of the index."""
    needed("npm", package="npm", purpose="fetch the packages of the vendored files")
    vendored.renew(folder)
    for path in folder.iterdir():
        assert path.read_bytes() == (vendored.FOLDER / path.name).read_bytes(), f"{path.name} differs: run make vendor"
    print("the vendored files are those of their packages, with the changes of the list")
