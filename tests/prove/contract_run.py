"""A project served from the wheel, and `charter contract` from the wheel against it."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.command import Server, clean_environment
from tests.limits import WIDE_LIMITS
from tests.servers import Servers, place_for_servers
from tests.service import REFRESH_KEYS, SECRET
from tests.wheel import installed_wheel

_ADMIN, _PASSWORD = "admin@example.com", "marmalade lantern 7 quarry"
_LIMITS = {**WIDE_LIMITS, "LIMIT_READ": "1000/60", "LIMIT_WRITE": "1000/60", "LIMIT_CLIENT_FAILURES": "100000"}


def wheel_in(place: Path) -> Path:
    """Copy what the wheel installs: the tests replace theirs when a file changes."""
    return Path(shutil.copytree(installed_wheel(), place / "wheel"))


def charter(wheel: Path, *words: str, cwd: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run the `charter` command of the wheel to its end."""
    environment = clean_environment(PYTHONPATH=str(wheel), **variables)
    return subprocess.run(
        [sys.executable, "-P", "-m", "charter", *words], cwd=cwd, env=environment, text=True, check=False
    )


@contextlib.contextmanager
def served(project: Path, wheel: Path, log: Path) -> Iterator[str]:
    """Serve a project with databases of its own; yield its address."""
    with place_for_servers() as folder:
        servers = Servers(folder)
        try:
            servers.start()
            servers.make_template()
            variables = {
                "CHARTER_ENV": "test",
                "CHARTER_ADMIN_EMAIL": _ADMIN,
                "CHARTER_ADMIN_PASSWORD": _PASSWORD,
                "DATABASE_URL": servers.clone(),
                "REDIS_URL": servers.empty_redis(),
                "JWT_SECRET": SECRET,
                "REFRESH_KEYS": REFRESH_KEYS,
                "BCRYPT_COST": "4",
                **_LIMITS,
            }
            charter(wheel, "db", "migrate", cwd=project, **variables).check_returncode()
            server = Server("serve", root=project, module="charter", PYTHONPATH=str(wheel), **variables)
            try:
                yield server.address()
            finally:
                server.process.terminate()
                server.process.wait(60)
                log.write_text(server.printed, encoding="utf-8")
        finally:
            servers.stop()


def contract(url: str, wheel: Path, report: Path, *more: str, examples: str, code: int = 0) -> dict[str, Any]:
    """Run the kit, which must end with an exit code; return its report.

    EXAMPLES in the environment says how many examples are generated for each operation, and CHECKS which checks run.
    """
    words = ["contract", "--base-url", url, "--admin-email", _ADMIN, "--report", str(report), *more]
    words += ["--examples", os.environ.get("EXAMPLES", examples)]
    words += [word for name in os.environ.get("CHECKS", "").split(",") if name for word in ("--only", name)]
    done = charter(wheel, *words, cwd=report.parent, CONTRACT_ADMIN_PASSWORD=_PASSWORD)
    assert done.returncode == code, f"charter contract ended with {done.returncode}"
    return read_report(report)


def read_report(folder: Path) -> dict[str, Any]:
    """Return the report that a run of the kit wrote to a folder."""
    made: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return made
