"""The steps of docs/database-roles.md, and operations and maintenance on databases of a role that owns nothing."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx

from app.embedded import start_postgres
from app.embedded.installation import find_installation
from tests.command import PRODUCTION, Server, clean_environment
from tests.folders import remove
from tests.prove.proof import PYTEST, ROOT
from tests.prove.quick_start import ADMIN, sign_in
from tests.servers import SERVING_ROLE

_PAGE = ROOT / "docs" / "database-roles.md"
_SUITE = (
    "tests/integration/operations",
    "tests/integration/every_operation/test_every_ending.py",
    "tests/integration/database/test_maintenance.py",
    "tests/integration/database/test_audit_rows.py",
    "tests/integration/test_rights_are_fresh.py",
)
_AUDIT_ROWS = "tests/integration/database/test_audit_rows.py::"
# Tests that have the database fail, by a trigger or a constraint of their own, or erase clients: the owner's work.
LEFT_OUT = (
    "tests/integration/operations/test_register.py::test_a_registration_that_breaks_is_rolled_back_and_recorded",
    "tests/integration/operations/test_list_audit_events.py::test_a_row_is_found_by_when_it_occurred_though_it_was",
    "tests/integration/operations/test_list_audit_events.py::test_an_erased_client_leaves_its_line_in_the_trail",
    f"{_AUDIT_ROWS}test_the_client_stands_apart_from_the_trail_where_it_can_be_erased",
    f"{_AUDIT_ROWS}test_a_write_that_breaks_is_rolled_back_and_leaves_the_decision_and_a_failed_event",
    f"{_AUDIT_ROWS}test_a_write_undone_by_another_is_tried_three_times_and_leaves_one_row_of_each_kind",
    f"{_AUDIT_ROWS}test_a_decision_that_cannot_be_written_lets_nobody_in",
    f"{_AUDIT_ROWS}test_an_event_that_cannot_be_written_undoes_the_work",
)


def prove(place: Path) -> None:
    """Do what the page says, then run the tests."""
    _walk_through_the_page(place / "state")
    left = [f"--deselect={name}" for name in LEFT_OUT]
    command = [*PYTEST, *_SUITE, *left]
    subprocess.run(command, cwd=ROOT, check=True, env={**os.environ, SERVING_ROLE: "charter_serve"})


def _walk_through_the_page(state: Path) -> None:
    state.mkdir(mode=0o711)
    server = start_postgres(state)
    home = find_installation(state)
    assert home is not None
    try:
        text = _PAGE.read_text(encoding="utf-8")
        roles, commands = (re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL)[0] for kind in ("sql", "sh"))
        # The database of the superuser has this name already.
        roles, commands = (part.replace("DATABASE charter ", "DATABASE accounts ") for part in (roles, commands))
        sockets = parse_qs(urlsplit(server.url).query)["host"][0]
        commands = re.sub(
            r"postgresql://(\w+):password@host:5432/charter", rf"'postgresql://\1@/accounts?host={sockets}'", commands
        )
        psql = str(home.programs / "psql")
        subprocess.run([psql, server.url, "-v", "ON_ERROR_STOP=1", "-q"], input=roles, text=True, check=True)
        steps, serve = commands.rstrip().rsplit("\n", 1)
        assert serve.endswith("charter serve")
        path = f"{home.programs}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        told = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", steps],
            env={**clean_environment(**PRODUCTION), "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert told.returncode == 0, told.stdout + told.stderr
        assert "two roles: charter_serve serves and owns nothing" in told.stdout, told.stdout
        _serve_and_sign_in(f"postgresql://charter_serve@/accounts?host={sockets}")
        print("the steps of docs/database-roles.md lead to a server that serves as charter_serve")
    finally:
        server.stop()
        remove(state)


def _serve_and_sign_in(url: str) -> None:
    server = Server("serve", **PRODUCTION, **ADMIN, DATABASE_URL=url)
    try:
        address = server.address()
        sign_in(address)
        assert httpx.get(f"{address}/health").json()["checks"]["database"] == "ok"
    finally:
        server.end(signal.SIGTERM)
