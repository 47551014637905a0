"""`python -m tests.bench`: start the servers, take the rounds in turn, set each figure beside its target, stop all."""

import argparse
import contextlib
import json
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType

from tests.bench import probes, report, targets, traffic
from tests.bench.clients import clients
from tests.bench.driver import CONNECTIONS, LoadError
from tests.bench.node_clients import node_clients
from tests.bench.processes import CAN_PIN, CORES, LOAD_CORE, SERVER_CORE, Server, free_port, on_core
from tests.bench.targets import Target
from tests.bench.traffic import ADMIN_EMAIL, EMAIL
from tests.bench.works import NEEDED, Round, command, entrants
from tests.bench.world import scratch, world

PARTS = (*NEEDED, "start")


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
    try:
        with scratch() as folder, on_core(LOAD_CORE):
            rounds, verdict = measure(arguments, folder)
    except LoadError as error:
        complain(f"The bench stopped: {error}")
        return 1
    except KeyboardInterrupt:
        complain("Interrupted; everything it started is stopped.")
        return 130
    show(rounds, verdict)
    if arguments.json:
        taken = {"rounds": arguments.rounds, "seconds": arguments.seconds, "connections": CONNECTIONS}
        arguments.json.write_text(json.dumps(report.as_json(rounds, verdict, taken), indent=2) + "\n")
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


def measure(arguments: argparse.Namespace, folder: Path) -> tuple[dict[str, dict[str, list[Round]]], list[Target]]:
    """Take everything that was asked for.

    Raises:
        LoadError: something could not be measured.
    """
    works = [work for work in NEEDED if work in arguments.only]
    rounds: dict[str, dict[str, list[Round]]] = {}
    verdict: list[Target] = []
    if works:
        progress("starting PostgreSQL, Valkey and the servers")
        with world(folder / "world") as environ, running(works, folder, environ) as servers:
            for work in works:
                rounds[work] = take(work, servers, environ, folder, arguments.rounds, arguments.seconds)
            verdict += [*targets.rate_targets(rounds), *targets.client_targets(rounds)]
            if "login" in works:
                verdict.append(light(servers["Charter"]))
            if "Charter" in servers:
                verdict.append(targets.memory_target(servers["Charter"].resident_mib()))
    if "start" in arguments.only:
        progress(f"start     {probes.STARTS + 1} starts of charter serve")
        with on_core(*CORES):
            verdict.append(targets.start_target(probes.starts(folder)))
    return rounds, verdict


@contextlib.contextmanager
def running(works: list[str], folder: Path, environ: Mapping[str, str]) -> Iterator[dict[str, Server]]:
    """Keep the servers of these works running on their core."""
    servers: dict[str, Server] = {}
    floor = traffic.get(traffic.FLOOR_PATH, traffic.unused_token(environ["JWT_SECRET"]))
    with contextlib.ExitStack() as stack, on_core(SERVER_CORE):
        for name in dict.fromkeys(name for work in works for name in NEEDED[work]):
            port = free_port()
            servers[name] = Server(name, command(name, port), port, folder / f"{name}.log", environ)
            stack.callback(servers[name].stop)
        for name, server in servers.items():
            server.wait_until_ready(floor if name in NEEDED["floor"] else probes.HEALTH)
        with on_core(LOAD_CORE):
            yield servers


def take(
    work: str, servers: Mapping[str, Server], environ: Mapping[str, str], folder: Path, rounds: int, seconds: float
) -> dict[str, list[Round]]:
    """Take the rounds of one work, its entrants in turn."""
    if work == "floor":
        token = traffic.unused_token(environ["JWT_SECRET"])
    else:
        token = traffic.sign_in(servers["Charter"], ADMIN_EMAIL if work in ("list", "search") else EMAIL)[0]
    if work == "clients":
        port = servers["Charter"].port
        contest = {**clients(port, token, folder), **node_clients(port, token, folder)}
    else:
        contest = entrants(work, servers, token)
    taken: dict[str, list[Round]] = {name: [] for name in contest}
    for number in range(1, rounds + 1):
        for name, measure_round in contest.items():
            taken[name].append(measure_round(seconds))
            figures = taken[name][-1]
            progress(
                f"{work:<8}  round {number} of {rounds}  {name:<16} {figures.measured.rate:8.0f}/s"
                f"  p99 {figures.measured.p99:7.1f} ms"
                f"  cores {figures.server_share:4.0%} {figures.load_share:4.0%}"
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


def show(rounds: Mapping[str, Mapping[str, list[Round]]], verdict: list[Target]) -> None:
    """Write the tables."""
    rates = ["", *report.rates_table(rounds)] if rounds else []
    lines = [*rates, "", *report.targets_table(verdict), "", report.summary(verdict), report.disturbed(rounds)]
    progress("\n".join(lines).rstrip())


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
