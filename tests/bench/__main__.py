"""`python -m tests.bench`: start the servers, take the rounds in turn, set each figure beside its target, stop all."""

import argparse
import contextlib
import json
import signal
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from tests.bench import growth, probes, report, targets, traffic
from tests.bench.clients import clients
from tests.bench.driver import CONNECTIONS, LoadError
from tests.bench.drivers import Driver, choose
from tests.bench.guests import KEPT, guests
from tests.bench.node_clients import node_clients
from tests.bench.processes import CAN_PIN, CORES, LOAD_CORE, SERVER_CORE, Server, free_port, on_core
from tests.bench.targets import Target
from tests.bench.works import GUESTS, NEEDED, Course, Entrant, Round, command
from tests.bench.world import World, scratch, world

PARTS = (*NEEDED, "workers", "trail", "start")


@dataclass(slots=True)
class Results:
    """Everything that was measured.

    Attributes:
        taken: how: driver, databases, who was left out.
    """

    rounds: dict[str, dict[str, list[Round]]] = field(default_factory=dict)
    verdict: list[Target] = field(default_factory=list)
    taken: dict[str, Any] = field(default_factory=dict)


def main() -> int:
    """Run the bench; 0 even when targets fall short, 1 when something could not be measured."""
    arguments = parse()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored when a shell started this in the background
    signal.signal(signal.SIGTERM, _interrupt)
    if not CAN_PIN:
        complain("The bench pins processes to cores, which only Linux can do.")
        return 1
    if SERVER_CORE == LOAD_CORE:
        progress("This machine has one core: servers and load share it, and the figures say little.")
    results = Results()
    try:
        with scratch() as folder, on_core(LOAD_CORE):
            measure(arguments, folder, results)
    except LoadError as error:
        complain(f"The bench stopped: {error}")
        return 1
    except KeyboardInterrupt:
        complain("Interrupted; everything it started is stopped.")
        return 130
    show(results)
    if arguments.json:
        taken = {"rounds": arguments.rounds, "seconds": arguments.seconds, "connections": CONNECTIONS, **results.taken}
        found = report.as_json(results.rounds, results.verdict, taken)
        arguments.json.write_text(json.dumps(found, indent=2) + "\n")
    return 0


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure Charter beside its rivals.")
    parser.add_argument("--only", type=_parts, default=PARTS, metavar=",".join(PARTS), help="measure only these")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each entrant (default 5)")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of a round (default 3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write everything here")
    arguments = parser.parse_args()
    if arguments.rounds < 1 or arguments.seconds <= 0:
        parser.error("--rounds and --seconds are positive")
    return arguments


def measure(arguments: argparse.Namespace, folder: Path, results: Results) -> None:
    """Take everything that was asked for.

    Raises:
        LoadError: something could not be measured.
    """
    works = [work for work in NEEDED if work in arguments.only]
    if works or {"workers", "trail"} & set(arguments.only):
        KEPT.mkdir(parents=True, exist_ok=True)
        driver = choose(KEPT)
        with world(folder / "world") as ground:
            results.taken = {"driver": driver.name, "database": ground.name}
            progress(f"driver: {driver.name}\ndatabase: {ground.name}")
            take_works(works, arguments, folder, results, driver, ground)
    if "start" in arguments.only:
        progress(f"start     {probes.STARTS + 1} starts of charter serve")
        with on_core(*CORES):
            results.verdict.append(targets.start_target(probes.starts(folder)))


def take_works(
    works: list[str], arguments: argparse.Namespace, folder: Path, results: Results, driver: Driver, ground: World
) -> None:
    """Take the works, and the parts that need the same databases.

    Raises:
        LoadError: something could not be measured.
    """
    rounds, verdict = results.rounds, results.verdict
    names = list(dict.fromkeys(name for work in works for name in NEEDED[work].values()))
    if "trail" in arguments.only and "Charter" not in names:
        names.append("Charter")
    invited = [name for name in names if name in GUESTS]
    with (
        running([name for name in names if name not in GUESTS], folder, ground) as servers,
        guests(invited, ground, folder, progress) as found,
    ):
        results.taken["left_out"] = found.left_out
        course = Course({**servers, **found.servers}, driver, ground, found.requests)
        for work in works:
            contest = client_contest(course, folder) if work == "clients" else course.entrants(work)
            rounds[work] = take(work, contest, arguments.rounds, arguments.seconds)
        verdict += [*targets.rate_targets(rounds), *targets.client_targets(rounds)]
        if "login" in works:
            verdict.append(light(servers["Charter"]))
        if works and "Charter" in servers:
            verdict.append(targets.memory_target(servers["Charter"].resident_mib()))
        if "trail" in arguments.only:
            grown = growth.measure(servers["Charter"], ground)
            progress(
                f"trail     {grown.requests} requests, {grown.decisions} decisions and {grown.events} events of"
                f" {grown.size:.0f} bytes each; write-ahead log: {grown.read_log:.0f} bytes for a read,"
                f" {grown.refresh_log:.0f} for a refresh"
            )
            results.taken["trail"] = asdict(grown)
            verdict.append(targets.row_target(grown.size))
    if "workers" in arguments.only:
        with probes.workers(folder, ground.environ) as several, on_core(*CORES):
            course = Course(several, driver, ground, {}, probes.WORKERS_CONNECTIONS)
            contest = course.reading(several)
            rounds["workers"] = take("workers", contest, arguments.rounds, arguments.seconds)
        verdict.append(targets.workers_target(rounds["workers"]["one worker"], rounds["workers"]["two workers"]))


@contextlib.contextmanager
def running(names: list[str], folder: Path, ground: World) -> Iterator[dict[str, Server]]:
    """Keep these servers running on their core."""
    servers: dict[str, Server] = {}
    floor = traffic.get(traffic.FLOOR_PATH, traffic.unused_token(ground.environ["JWT_SECRET"])).raw
    with contextlib.ExitStack() as stack, on_core(SERVER_CORE):
        for name in names:
            port = free_port()
            servers[name] = Server(name, command(name, port), port, folder / f"{name}.log", ground.environ)
            stack.callback(servers[name].stop)
        for name, server in servers.items():
            server.wait_until_ready(floor if name in NEEDED["floor"] else probes.HEALTH)
        with on_core(LOAD_CORE):
            yield servers


def client_contest(course: Course, folder: Path) -> dict[str, Entrant]:
    """Return the clients of the packages and what they are made of."""
    server = course.servers["Charter"]
    token = traffic.sign_in(server)[0]
    return {**clients(server.port, token, folder), **node_clients(server.port, token, folder)}


def take(work: str, contest: Mapping[str, Entrant], rounds: int, seconds: float) -> dict[str, list[Round]]:
    """Take the rounds of one work, its entrants in turn."""
    taken: dict[str, list[Round]] = {name: [] for name in contest}
    for number in range(1, rounds + 1):
        for name, measure_round in contest.items():
            taken[name].append(measure_round(seconds))
            figures = taken[name][-1]
            shares = figures.shares
            progress(
                f"{work:<8}  round {number} of {rounds}  {name:<16} {figures.measured.rate:8.0f}/s"
                f"  p99 {figures.measured.p99:7.1f} ms  server {shares.server:4.0%}  driver {shares.driver:4.0%}"
                f"  PostgreSQL {shares.postgres:4.0%}  Valkey {shares.valkey:3.0%}"
            )
    return taken


def light(server: Server) -> Target:
    """Measure a light request beside 200 sign-ins."""
    measured = probes.light_beside_logins(server, traffic.sign_in(server)[0])
    progress(
        f"login     a light request beside {probes.LOGINS}: p50 {measured.p50:.1f} ms  p99 {measured.p99:.1f} ms"
        f"  slowest {measured.slowest:.1f} ms"
    )
    return targets.light_target(measured.p99)


def show(results: Results) -> None:
    """Write the tables."""
    rates = ["", *report.rates_table(results.rounds)] if results.rounds else []
    left_out = [f"left out: {name}: {reason}" for name, reason in results.taken.get("left_out", {}).items()]
    last = report.summary(results.verdict, targets.missing(results.rounds))
    notes = [*left_out, *filter(None, [report.disturbed(results.rounds)])]
    progress("\n".join([*rates, "", *report.targets_table(results.verdict), "", *notes, last]))


def progress(line: str) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def complain(line: str) -> None:
    """Write a line to the error output."""
    sys.stderr.write(f"{line}\n")


def _parts(text: str) -> tuple[str, ...]:
    parts = tuple(text.split(","))
    if unknown := [part for part in parts if part not in PARTS]:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not one of {', '.join(PARTS)}")
    return parts


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Take SIGTERM for a Ctrl-C, which the event loop knows to end on."""
    signal.raise_signal(signal.SIGINT)


if __name__ == "__main__":
    sys.exit(main())
