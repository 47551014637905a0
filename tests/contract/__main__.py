"""`make contract`: Schemathesis with many examples against a real `charter serve`, in each mode, as each caller.

Every phase and every check. The servers are this run's own, on the loopback, with data that goes when it ends. The
reports, and what each server wrote, stay in build/contract.
"""

import argparse
import contextlib
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.command import ROOT, Server
from tests.contract.command import CALLERS, command, environment
from tests.gateways import GATEWAYS
from tests.limits import WIDE_LIMITS
from tests.servers import Servers, place_for_servers
from tests.service import REFRESH_KEYS, SECRET

REPORTS = ROOT / "build" / "contract"
LONGEST_RUN_SECONDS = 900
# Schemathesis sleeps out each 429, and the limits have tests of their own.
WIDE = {**WIDE_LIMITS, "LIMIT_ACCOUNT_FAILURES": "1000", "LIMIT_CLIENT_FAILURES": "100000", "BCRYPT_COST": "4"}


@contextlib.contextmanager
def serving(gateway: str, servers: Servers, state: Path) -> Iterator[tuple[str, str]]:
    """Run a server on a database of its own; yield where it listens, and the database's URL."""
    database_url = servers.clone()
    server = Server(
        "serve",
        CHARTER_ENV="test",
        CHARTER_GATEWAY=gateway,
        CHARTER_STATE=str(state),
        DATABASE_URL=database_url,
        REDIS_URL=servers.empty_redis(),
        JWT_SECRET=SECRET,
        REFRESH_KEYS=REFRESH_KEYS,
        **WIDE,
    )
    try:
        yield server.address(), database_url
    finally:
        if server.process.poll() is None:
            server.end(signal.SIGTERM)
        (REPORTS / gateway / "server.log").write_text(server.printed, encoding="utf-8")
        servers.drop(database_url)


def tried(words: list[str], variables: dict[str, str], seconds: float) -> bool:
    """Run Schemathesis, showing what it prints; return whether it found nothing. One that takes too long is ended."""
    process = subprocess.Popen(words, cwd=ROOT, env=variables)
    try:
        return process.wait(max(seconds, 1)) == 0
    except subprocess.TimeoutExpired:
        print(f"Out of time after {LONGEST_RUN_SECONDS} s: try fewer EXAMPLES, or one GATEWAY.", flush=True)
        return False
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(10)


def main() -> int:
    """Run all of it; return 0 if nothing was found, else 1."""
    parser = argparse.ArgumentParser(prog="make contract", description="Test a running Charter against its document.")
    parser.add_argument("--seed", type=int, help="repeat a run; made up unless given")
    parser.add_argument("--examples", type=int, default=50, help="how many for each operation")
    parser.add_argument("--gateway", choices=GATEWAYS, help="one of the two modes; both unless given")
    arguments = parser.parse_args()
    seed = secrets.randbelow(2**31) if arguments.seed is None else arguments.seed
    gateways = [arguments.gateway] if arguments.gateway else GATEWAYS
    again = f"make contract SEED={seed} EXAMPLES={arguments.examples}"
    deadline = time.monotonic() + LONGEST_RUN_SECONDS

    shutil.rmtree(REPORTS, ignore_errors=True)
    outcomes: dict[tuple[str, str], bool] = {}
    with place_for_servers() as place:
        servers = Servers(place)
        try:
            servers.start()
            servers.make_template()
            for gateway in gateways:
                folder = REPORTS / gateway
                folder.mkdir(parents=True)
                with serving(gateway, servers, place / gateway) as (address, database_url):
                    for caller in CALLERS:
                        print(f"\n== {gateway}, {caller}, seed {seed}\n", flush=True)
                        options = ["--max-examples", str(arguments.examples), "--seed", str(seed)]
                        options += ["--report", "html,junit", "--report-html-path", str(folder / caller)]
                        options += ["--report-junit-path", str(folder / f"{caller}.xml")]
                        words = command(address, caller, *options)
                        left = deadline - time.monotonic()
                        outcomes[gateway, caller] = tried(words, environment(database_url, caller), left)
        finally:
            servers.stop()

    print()
    for (gateway, caller), fine in outcomes.items():
        report = (REPORTS / gateway / caller / "index.html").relative_to(ROOT)
        print(f"{'nothing found' if fine else 'FAILED':14}{gateway:10} {caller:7} {report}")
    failed = {gateway for (gateway, _), fine in outcomes.items() if not fine}
    print(f"Repeat with: {again}{f' GATEWAY={failed.pop()}' if len(failed) == 1 else ''}")
    return 0 if all(outcomes.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
