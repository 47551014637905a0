"""`make contract`: `charter contract` against a real `charter serve`, with each gateway.

The servers are this run's own, on the loopback, with data that goes when it ends. The reports, and what each server
wrote, stay in build/contract.
"""

import argparse
import contextlib
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.command import ROOT, Server, clean_environment
from tests.gateways import GATEWAYS
from tests.limits import WIDE_LIMITS
from tests.servers import Servers, place_for_servers
from tests.service import REFRESH_KEYS, SECRET

REPORTS = ROOT / "build" / "contract"
ADMIN = "admin@example.com"
# Wide enough for generated requests, and small enough to be used up.
LIMITS = {"LIMIT_DEFAULT": "1000/60", "LIMIT_READ": "1000/60", "LIMIT_WRITE": "900/60"}
FAILURES = {"LIMIT_ACCOUNT_FAILURES": "1000", "LIMIT_CLIENT_FAILURES": "100000"}
SETTINGS = {**WIDE_LIMITS, **LIMITS, **FAILURES, "BCRYPT_COST": "4"}


@contextlib.contextmanager
def serving(gateway: str, servers: Servers, state: Path, password: str) -> Iterator[str]:
    """Run a server on a database of its own; yield where it listens."""
    database_url = servers.clone()
    server = Server(
        "serve",
        CHARTER_ENV="test",
        CHARTER_GATEWAY=gateway,
        CHARTER_STATE=str(state),
        CHARTER_ADMIN_EMAIL=ADMIN,
        CHARTER_ADMIN_PASSWORD=password,
        DATABASE_URL=database_url,
        REDIS_URL=servers.empty_redis(),
        JWT_SECRET=SECRET,
        REFRESH_KEYS=REFRESH_KEYS,
        **SETTINGS,
    )
    try:
        yield server.address()
    finally:
        if server.process.poll() is None:
            server.end(signal.SIGTERM)
        (REPORTS / gateway / "server.log").write_text(server.printed, encoding="utf-8")
        servers.drop(database_url)


def main() -> int:
    """Run all of it; return the worst exit code."""
    parser = argparse.ArgumentParser(prog="make contract", description="Test a running Charter against its document.")
    parser.add_argument("--seed", type=int, help="repeat a run; made up unless given")
    parser.add_argument("--examples", type=int, default=20, help="how many for each operation")
    parser.add_argument("--gateway", choices=GATEWAYS, help="one of the two modes; both unless given")
    arguments = parser.parse_args()
    seed = secrets.randbelow(2**31) if arguments.seed is None else arguments.seed
    gateways = [arguments.gateway] if arguments.gateway else GATEWAYS
    password = f"{secrets.token_hex(12)} quarry"

    shutil.rmtree(REPORTS, ignore_errors=True)
    codes: dict[str, int] = {}
    with place_for_servers() as place:
        servers = Servers(place)
        try:
            servers.start()
            servers.make_template()
            for gateway in gateways:
                folder = REPORTS / gateway
                folder.mkdir(parents=True)
                with serving(gateway, servers, place / gateway, password) as address:
                    print(f"\n== {gateway}, seed {seed}\n", flush=True)
                    words = [sys.executable, "-m", "app.cli", "contract", "--base-url", address, "--admin-email", ADMIN]
                    words += ["--seed", str(seed), "--examples", str(arguments.examples)]
                    words += ["--report", str(folder), "--junit", str(folder / "contract.xml")]
                    variables = clean_environment(CONTRACT_ADMIN_PASSWORD=password)
                    codes[gateway] = subprocess.run(words, cwd=ROOT, env=variables, check=False).returncode
        finally:
            servers.stop()

    print()
    for gateway, code in codes.items():
        verdict = {0: "proven", 1: "FAILED"}.get(code, "NOT PROVEN")
        print(f"{verdict:12}{gateway:10} {(REPORTS / gateway / 'report.html').relative_to(ROOT)}")
    failed = [gateway for gateway, code in codes.items() if code]
    again = f"make contract SEED={seed} EXAMPLES={arguments.examples}"
    print(f"Repeat with: {again}{f' GATEWAY={failed[0]}' if len(failed) == 1 else ''}")
    return max(codes.values())


if __name__ == "__main__":
    sys.exit(main())
