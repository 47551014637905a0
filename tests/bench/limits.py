"""`python -m tests.bench.limits`: what hardware and Python allow for GET /v1/users/me, and how far from it Charter is.

Each part of a request is measured alone: the session statement by pgbench, prepared; socket and parser by a constant
application; the interpreter by calls of the application without a socket.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter

from tests.bench import probes, shapes, traffic
from tests.bench.driver import CONNECTIONS, HOST, LoadError
from tests.bench.drivers import Driver, choose
from tests.bench.guests import KEPT
from tests.bench.processes import CAN_PIN, LOAD_CORE, ROOT, SERVER_CORE, Server, free_port, on_core, tree_seconds
from tests.bench.shares import Meter, between
from tests.bench.traffic import Request
from tests.bench.works import command
from tests.bench.world import World, scratch, world
from tests.prove.distribution import postgres_programs

# A new decision for each call: an id as Charter makes them, of the present moment.
_NEW_ID = """(lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') || '7'
    || substr(md5(random()::text), 1, 3) || '8' || substr(md5(random()::text), 1, 15))::uuid"""
_ID = re.compile(r'(?<="decision_id":")[0-9a-f-]{36}(?=")')


def main() -> int:
    """Measure the limits; 1 if something could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.limits", description="Measure the parts of get_me.")
    parser.add_argument("--seconds", type=float, default=5.0, help="length of each measurement (default 5)")
    seconds = parser.parse_args().seconds
    if not CAN_PIN:
        sys.stderr.write("The bench pins processes to cores, which only Linux can do.\n")
        return 1
    KEPT.mkdir(parents=True, exist_ok=True)
    try:
        with scratch() as folder, on_core(LOAD_CORE), world(folder / "world") as ground:
            show(measure(folder, ground, choose(KEPT), seconds))
    except LoadError as error:
        sys.stderr.write(f"The bench stopped: {error}\n")
        return 1
    return 0


def measure(folder: Path, ground: World, driver: Driver, seconds: float) -> list[tuple[str, float, float]]:
    """Return what each part allows: what it is, operations a second, and microseconds of processor time of each.

    Raises:
        LoadError: something could not be measured.
    """
    found = []
    floor = traffic.get(traffic.FLOOR_PATH, traffic.unused_token(ground.environ["JWT_SECRET"])).raw
    for name in ("Charter", "hand-written", "constant"):
        server = _server(name, folder, ground.environ)
        try:
            server.wait_until_ready(floor if name == "hand-written" else probes.HEALTH)
            if name == "Charter":
                token = traffic.sign_in(server)[0]
            found.append(_rate(name, server, traffic.get(traffic.ME_PATH, token), driver, ground, seconds))
        finally:
            server.stop()
    rate, used, statement = _inside(token, ground.environ, seconds)
    found.append(("interpreter alone", rate, used))
    found.append(_postgres_alone(statement, folder, ground, seconds))
    return found


def show(found: list[tuple[str, float, float]]) -> None:
    """Write the table."""
    whole = found[0][1]
    sys.stdout.write(f"{'':<24}{'/s':>10}{'us of its processor':>22}{'Charter reaches':>18}\n")
    for what, rate, used in found:
        sys.stdout.write(f"{what:<24}{rate:>10.0f}{used:>22.0f}{whole / rate:>18.0%}\n")


def _server(name: str, folder: Path, environ: Mapping[str, str]) -> Server:
    port = free_port()
    words = (
        [sys.executable, "-m", "tests.bench.serving", name, str(port)] if name == "constant" else command(name, port)
    )
    with on_core(SERVER_CORE):
        return Server(name, words, port, folder / f"{name}.log", environ)


def _rate(
    name: str, server: Server, request: Request, driver: Driver, ground: World, seconds: float
) -> tuple[str, float, float]:
    body = traffic.answer(server, request)
    if name != "constant":
        shapes.check("me", name, body)
    meter = Meter(ground.processes)
    driver.repeat(server.port, request, 1.0, CONNECTIONS)
    before = meter.read(server)
    measured = driver.repeat(server.port, request, seconds, CONNECTIONS)
    shares = between(before, meter.read(server))
    what = {"Charter": "Charter", "constant": "socket and parser alone"}.get(name, name)
    return what, measured.rate, shares.server / measured.rate * 1e6


def _inside(token: str, environ: Mapping[str, str], seconds: float) -> tuple[float, float, str]:
    with on_core(SERVER_CORE):
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.inside", token, str(seconds)],
            cwd=ROOT,
            env={**environ, "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise LoadError(f"tests.bench.inside failed: {done.stderr[-1000:]}")
    found = json.loads(done.stdout.strip().splitlines()[-1])
    return 1e6 / found["microseconds"], found["microseconds"], found["statement"]


def _postgres_alone(statement: str, folder: Path, ground: World, seconds: float) -> tuple[str, float, float]:
    """Let pgbench run the session statement, prepared; PostgreSQL has one core, pgbench the other."""
    program = _pgbench()
    script = folder / "decide.sql"
    script.write_text(" ".join(renewed(statement).split()) + ";\n")
    words = [program, "-n", "-M", "prepared", "-c", str(CONNECTIONS), "-j", "1", "-T", str(max(1, round(seconds)))]
    first, used, begin = ground.processes["postgres"], tree_seconds(ground.processes["postgres"]), perf_counter()
    with on_core(SERVER_CORE):
        done = subprocess.run(
            [*words, "-f", str(script), ground.database_url], capture_output=True, text=True, check=False
        )
    passed = perf_counter() - begin
    rate = re.search(r"tps = ([\d.]+)", done.stdout)
    if done.returncode or rate is None:
        raise LoadError(f"pgbench failed: {(done.stderr + done.stdout)[-1000:]}")
    used = tree_seconds(first) - used
    return "PostgreSQL alone", float(rate[1]), used / passed / float(rate[1]) * 1e6


def renewed(statement: str) -> str:
    """Return a session statement for pgbench, which makes the id of its decision itself, so that it can run again.

    Raises:
        LoadError: the id is not found.
    """
    if not _ID.search(statement):
        raise LoadError(f"the id of the decision is not in the session statement: {statement}")
    # For pgbench, a colon in a text, as in account:read, begins the name of a variable.
    text = re.sub("(?<!:):(?!:)", "'||chr(58)||'", _ID.sub("NEW_ID", statement))
    text = text.replace("NEW_ID", f"'||{_NEW_ID}||'")
    # The text is put together for each run, and no longer a constant that is taken for JSON.
    return text.replace("json_to_recordset(", "json_to_recordset((", 1).replace("') AS asked", "')::json) AS asked", 1)


def _pgbench() -> str:
    for _, programs in sorted(postgres_programs().items(), reverse=True):
        if (programs / "pgbench").exists():
            return str(programs / "pgbench")
    if program := shutil.which("pgbench"):
        return program
    raise LoadError(f"there is no pgbench on {HOST}: install the package postgresql")


if __name__ == "__main__":
    sys.exit(main())
