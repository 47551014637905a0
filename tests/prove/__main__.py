"""The proofs: a fresh clone does what the README says, and other people's tools accept the document.

Each prints what it does and how it ended. What a missing tool keeps from running is said loudly, and is no success:
the last line counts it.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from tests.prove.editors import check_completions
from tests.prove.pgbouncer import carry_the_suite

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 600


class Skipped(Exception):
    """A proof that could not be run here."""


def run(*words: str, cwd: Path, **variables: str) -> None:
    """Run a command to its end and let it print.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    subprocess.run(words, cwd=cwd, check=True, env={**os.environ, **variables})


def fresh_clone(place: Path) -> None:
    """Clone, run lint and tests as CI does, with nothing of this checkout."""
    run("git", "clone", "--quiet", str(ROOT), str(place / "clone"), cwd=place)
    run("bash", ".ci/run", cwd=place / "clone")


def both_ways_in(place: Path) -> None:
    """Run the tests of each operation through both gateways; `make test` takes the default one."""
    operations = ["-m", "pytest", "-q", "-n", "2", "tests/integration/operations"]
    run(sys.executable, *operations, cwd=ROOT, CHARTER_TEST_GATEWAYS="all")


def the_walk(place: Path) -> None:
    """Start `make run` in the clone, follow the README's walk over the wire, and stop it with Ctrl-C."""
    clone = place / "clone"
    password = "a prooflike passphrase 41"
    printed = place / "run.log"
    variables = {"PORT": "0", "CHARTER_ADMIN_PASSWORD": password, "CHARTER_STATE": str(place / "state")}
    with printed.open("w") as log:
        server = subprocess.Popen(
            ["make", "run"],
            cwd=clone,
            env={**os.environ, **variables},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        url = _address(server, printed)
        readme = (clone / "README.md").read_text(encoding="utf-8")
        blocks = re.findall(r"^```sh\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
        script = "\n".join(["set -euo pipefail", *blocks])
        run("bash", "-c", script, cwd=clone, API=url, ADMIN_PASSWORD=password)
        assert httpx.get(f"{url}/health").json()["status"] in ("ok", "degraded")
        assert "swagger-ui" in httpx.get(f"{url}/docs").text
    finally:
        os.killpg(server.pid, signal.SIGINT)
        code = server.wait(60)
    # make itself ends as the signal would have it.
    assert code in (0, -signal.SIGINT), f"make run ended with {code}: {printed.read_text()}"
    assert printed.read_text().rstrip().endswith("stopped")


def redocly(place: Path) -> None:
    """Lint the document as Redocly CLI reads it."""
    if shutil.which("npx") is None:
        raise Skipped("no Node.js here: install it to have Redocly CLI read the document")
    configuration = place / "redocly.yaml"
    configuration.write_text("extends: [spec]\n")
    run("npx", "--yes", "@redocly/cli@2", "lint", "--config", str(configuration), "openapi/openapi.yaml", cwd=ROOT)


def editors(place: Path) -> None:
    """Have a YAML language server read the document, as editors do, and mistakes in the x- keys."""
    if shutil.which("npx") is None:
        raise Skipped("no Node.js here: install it to have a YAML language server read the document")
    check_completions(place)


def pgbouncer(place: Path) -> None:
    """Run the integration tests through PgBouncer in transaction mode, on a few connections that all of them share."""
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        raise Skipped("no pgbouncer here: install it (Debian: apt-get install pgbouncer) to have it carry the tests")
    carry_the_suite(place / "pgbouncer", program)


PROOFS: tuple[Callable[[Path], None], ...] = (fresh_clone, the_walk, both_ways_in, pgbouncer, redocly, editors)


def main() -> int:
    """Run every proof; return 0 when none failed."""
    outcomes = dict.fromkeys(("passed", "failed", "skipped"), 0)
    with tempfile.TemporaryDirectory(prefix="charter-prove-") as folder:
        Path(folder).chmod(0o711)
        for proof in PROOFS:
            print(f"\n== {proof.__name__}: {(proof.__doc__ or '').splitlines()[0]}", flush=True)
            started = time.monotonic()
            try:
                proof(Path(folder))
                outcome = "passed"
            except Skipped as reason:
                outcome = "skipped"
                print(f"!! SKIPPED: {reason}")
            except (subprocess.CalledProcessError, AssertionError) as error:
                outcome = "failed"
                print(f"!! FAILED: {error}")
            outcomes[outcome] += 1
            print(f"== {proof.__name__}: {outcome} in {time.monotonic() - started:.0f} s", flush=True)
    print("\n" + ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items()))
    return 1 if outcomes["failed"] else 0


def _address(server: "subprocess.Popen[bytes]", printed: Path) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if found := re.search(r"API\s+(http://[^\s/]+)", printed.read_text()):
            return found[1]
        assert server.poll() is None, printed.read_text()
        time.sleep(0.2)
    raise AssertionError(f"make run did not start: {printed.read_text()}")


if __name__ == "__main__":
    sys.exit(main())
