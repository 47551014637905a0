"""The TypeScript package, installed into an empty folder, passes its tests and does what its README shows."""

import copy
import json
import re
import subprocess
import time
from pathlib import Path

from app.mock.people import PASSWORD as MOCK_PASSWORD
from tests.document import DOCUMENT
from tests.limits import WIDE_LIMITS
from tests.prism import proxied
from tests.prove import pins
from tests.prove.proof import CHARTER, run
from tests.prove.quick_start import PASSWORD, mocked, served
from tests.prove.restarted import restart_under_load
from tests.prove.tools import fetch_node
from tests.prove.typescript import (
    LAYER,
    WORLD,
    build,
    compile_tests,
    install,
    node,
    program,
    run_tests,
)

# The least that the server allows: a token really expires during the proof.
TOKEN_SECONDS = 60


def prove(place: Path) -> None:
    """Build the package, check its form and types, and run its tests, its README and its clients under restarts."""
    archive = build(place / "once")
    run(*CHARTER, "sdk", "build", "all", "--output", str(place / "all"))
    assert archive.read_bytes() == (place / "all" / archive.name).read_bytes()
    assert len(list((place / "all").iterdir())) == 3, "the wheel, the source archive and the archive for npm"
    print("both builds have the same bytes")
    run(*CHARTER, "sdk", "size")

    folder = install(place, archive)
    run(str(program(folder, "publint")), "run", str(archive), "--strict", cwd=folder)
    run(str(program(folder, "attw")), str(archive), "--no-color", "--format", "ascii", cwd=folder)
    (folder / "tests" / "readme.ts").write_text(_samples(), encoding="utf-8")
    compile_tests(folder, module="ESNext", resolution="Bundler", noEmit=True)
    compile_tests(folder, module="NodeNext", resolution="NodeNext")
    print("the tests and the README pass tsc with all strict options, for bundlers and for Node", flush=True)

    minute = {"ACCESS_TOKEN_SECONDS": str(TOKEN_SECONDS), "STEP_UP_ACCOUNT_DELETION": str(TOKEN_SECONDS)}
    with served(place / "server", **WIDE_LIMITS, **minute) as url:
        old = {"CHARTER_URL": url, "CHARTER_OLD_TOKENS": str(place / "tokens.json")}
        run(node(), "made/early.js", cwd=folder, **WORLD, **old)
        expired = time.monotonic() + TOKEN_SECONDS + 1
        run_tests(folder, "account", "codes", "failures", "pauses", "refused", "session", "tokens", CHARTER_URL=url)
        readme = folder / "made" / "readme.js"
        readme.write_text(readme.read_text().replace("https://accounts.example.com", url))
        run(node(), "made/readme.js", cwd=folder)
        _run_through_prism(place, folder, url)
        while time.monotonic() < expired:
            time.sleep(0.5)
        run_tests(folder, "late", **old)
    _run_with_mock(place, folder)
    restart_under_load(place, [node(), "made/restarts.js"], cwd=folder, environment=WORLD)


def _run_with_mock(place: Path, folder: Path) -> None:
    with mocked(place) as url:
        run_tests(folder, "account", "tokens", CHARTER_URL=url, CHARTER_ADMIN_PASSWORD=MOCK_PASSWORD)


def _run_through_prism(place: Path, folder: Path, url: str) -> None:
    """Run the tests with Prism in between, and see it notice a response that does not match another document."""
    prism = str(fetch_node(place, pins.PRISM) / "prism")
    document = place / "openapi.json"
    document.write_text(json.dumps(DOCUMENT.bundle))
    with proxied(prism, document, url, place / "prism.log") as proxy:
        run_tests(folder, "account", "tokens", CHARTER_URL=proxy)
    print("Prism finds no request and no response that the document does not allow", flush=True)
    other = copy.deepcopy(DOCUMENT.bundle)
    other["components"]["schemas"]["Profile"]["required"].append("shoe_size")
    document.write_text(json.dumps(other))
    with proxied(prism, document, url, place / "prism.log") as proxy:
        words = [node(), "--test", "--test-name-pattern=/made again/", "made/account.test.js"]
        given = {**WORLD, "CHARTER_URL": proxy}
        done = subprocess.run(words, cwd=folder, env=given, capture_output=True, text=True, check=False)
        assert done.returncode, done.stdout
        assert "500 and application/problem+json" in done.stdout, done.stdout


def _samples() -> str:
    """Return the samples of the README as one program for a server with its first admin alone."""
    text = (LAYER / "README.md").read_text(encoding="utf-8")
    made = "\n".join(re.findall(r"^```ts\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    return made.replace("ada@example.com", "admin@example.com").replace("marmalade lantern 7 quarry", PASSWORD)
