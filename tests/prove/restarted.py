"""A server that is killed and started again while the program of an SDK reads and writes."""

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2.extensions import connection as DriverConnection

from tests.command import PRODUCTION, Server
from tests.limits import WIDE_LIMITS
from tests.prove.proof import free_port
from tests.prove.quick_start import ADMIN
from tests.prove.stores import stores
from tests.waiting import until

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL, signal.SIGKILL)
# Accounts that are made before each signal, and after the last one.
BETWEEN = 25
SECONDS = 60
_MADE = "SELECT email FROM users WHERE email LIKE 'made-%' ORDER BY email"
_EVENTS = (
    "SELECT count(*) FROM audit_events WHERE kind = 'event' AND action = 'user.created' AND outcome = 'succeeded'"
    " AND actor_id IN (SELECT id FROM users WHERE email LIKE 'restarted-%')"
)


def restart_under_load(place: Path, words: Sequence[str], *, cwd: Path, environment: Mapping[str, str]) -> None:
    """Kill and start a server again and again under load, and check that what it confirmed is there, and was made once.

    Args:
        words: the program, such as sdk/typescript/tests/restarts.ts. It stops at a line on its input, and prints as
            JSON what was confirmed to it. It fails if a call fails that can be repeated, or if what it wrote is lost.
    """
    with stores(place / "stores") as found, contextlib.closing(psycopg2.connect(found["DATABASE_URL"])) as database:
        database.autocommit = True
        variables = {**PRODUCTION, **ADMIN, **WIDE_LIMITS, **found, "PORT": str(free_port())}
        variables |= {"CHARTER_ENV": "test", "BCRYPT_COST": "4"}
        server = Server("serve", **variables)
        given = {**os.environ, **environment, "CHARTER_URL": server.address()}
        program = subprocess.Popen(words, cwd=cwd, env=given, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            for number in SIGNALS:
                _wait_for_more(database, program)
                server.process.send_signal(number)
                server.process.wait(SECONDS)
                server = Server("serve", **variables)
            _wait_for_more(database, program)
            output, _ = program.communicate("\n", timeout=SECONDS)
        finally:
            program.kill()
            program.wait()
            server.end(signal.SIGTERM)
        assert program.returncode == 0, "a client of the program failed"
        told = json.loads(output.splitlines()[-1])
        made = [email for (email,) in _rows(database, _MADE)]
        assert sorted(told["made"]) == made, "what was confirmed is not what is there"
        [(events,)] = _rows(database, _EVENTS)
        assert events == len(made), f"{events} events of {len(made)} accounts"
        assert told["cut"] > 0, "no call was cut, so the restarts came between the calls"
        print(
            f"{len(made)} accounts were made once each, beside {len(SIGNALS)} restarts that cut {told['cut']} requests"
        )


def _wait_for_more(database: DriverConnection, program: "subprocess.Popen[str]") -> None:
    wanted = len(_rows(database, _MADE)) + BETWEEN
    until(lambda: program.poll() is not None or len(_rows(database, _MADE)) >= wanted)
    assert program.poll() is None, "the program stopped early"


def _rows(database: DriverConnection, query: str) -> list[tuple[Any, ...]]:
    with database.cursor() as cursor:
        cursor.execute(query)
        return list(cursor)
