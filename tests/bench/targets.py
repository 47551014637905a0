"""The numbers to reach, each beside the figure measured for it."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from statistics import median

from tests.bench.shares import Shares
from tests.bench.works import Round

Rounds = Mapping[str, Mapping[str, Sequence[Round]]]
"""Rounds by work and entrant; the n-th rounds of a work's entrants were taken one right after another."""


@dataclass(frozen=True, slots=True)
class Target:
    """One line of the verdict.

    Attributes:
        measured: a ratio, or a figure in `unit`.
        bound: the least it may be, or with `at_most` the most.
        aim: what we would like; missing it is no failure.
        binding: False for what nobody has set a target for: the bound is what we expect, and says so.
        spread: the lowest and the highest ratio of neighbouring rounds; empty where there is one figure.
        by_server: the same ratio by the processor time that the servers used for a response: the ratio of the rates,
            had both been limited by their own core.
        warnings: why the figure may say little about the servers.
    """

    work: str
    what: str
    measured: float
    bound: float
    unit: str = "x"
    at_most: bool = False
    aim: float | None = None
    binding: bool = True
    spread: tuple[float, ...] = ()
    by_server: float | None = None
    warnings: tuple[str, ...] = ()

    @property
    def reached(self) -> bool:
        """Whether the figure is on the right side of its bound."""
        return self.measured <= self.bound if self.at_most else self.measured >= self.bound


@dataclass(frozen=True, slots=True)
class Ratio:
    """A line that divides the rates of two entrants of one work."""

    work: str
    ours: str
    theirs: str
    bound: float
    aim: float | None = None
    binding: bool = True


RATIOS = (
    Ratio("floor", "Charter, logged", "hand-written", 0.75),
    Ratio("floor", "Charter, logged", "FastAPI", 1.8),
    Ratio("floor", "Charter, logged", "stock Connexion", 6.0),
    Ratio("me", "Charter", "hand-written", 0.4, aim=0.5),
    Ratio("me", "Charter", "FastAPI", 3.5),
    Ratio("me", "Charter", "better-auth", 2.5),
    Ratio("user", "Charter", "hand-written", 0.4, aim=0.5),
    Ratio("user", "Charter", "FastAPI", 3.5),
    Ratio("cached", "Charter", "Charter, me", 1.0),
    Ratio("cached", "Charter", "FastAPI, Redis", 4.0),
    Ratio("list", "Charter", "hand-written", 0.7),
    Ratio("list", "Charter", "FastAPI", 2.5),
    Ratio("search", "Charter", "FastAPI", 1.0, binding=False),
    Ratio("refresh", "Charter", "hand-written", 0.45),
    Ratio("refresh", "Charter", "FastAPI", 2.5),
    Ratio("login", "Charter", "bcrypt alone", 0.95),
)
# Each client of the package beside the one that it is made of.
CLIENTS = (("package", "httpx"), ("package, async", "httpx, async"), ("package, Node", "fetch, Node"))
CLIENT_RATIO = 1.3
LIGHT_MS = 20.0
START_SECONDS = 1.0
WORKER_MIB = 85.0
WORKERS_RATIO = 1.8
ROW_BYTES = 250.0


def rate_targets(rounds: Rounds) -> list[Target]:
    """Return the lines about the works that were measured; none about an entrant that was left out.

    A ratio is the median of the ratios of neighbouring rounds, because the machine drifts between them.
    """
    return [
        _compared(line, rounds[line.work][line.ours], rounds[line.work][line.theirs])
        for line in RATIOS
        if line.work in rounds and line.theirs in rounds[line.work]
    ]


def missing(rounds: Rounds) -> list[Ratio]:
    """Return the lines of the measured works whose rival was left out."""
    return [line for line in RATIOS if line.work in rounds and line.theirs not in rounds[line.work]]


def _compared(line: Ratio, ours: Sequence[Round], theirs: Sequence[Round]) -> Target:
    pairs = list(zip(ours, theirs, strict=True))
    ratios = sorted(mine.measured.rate / other.measured.rate for mine, other in pairs)
    limits = ((line.ours, typical(ours)), (line.theirs, typical(theirs)))
    return Target(
        line.work,
        f"{line.ours} : {line.theirs}",
        median(ratios),
        line.bound,
        aim=line.aim,
        binding=line.binding,
        spread=(ratios[0], ratios[-1]),
        by_server=median(other.microseconds / mine.microseconds for mine, other in pairs),
        warnings=tuple(
            f"the limit of {who} was not its server, which used {shares.server:.0%} of a core, but {limit}"
            for who, shares in limits
            if (limit := shares.limit) != "the server"
        ),
    )


def typical(rounds: Sequence[Round]) -> Shares:
    """Return the median of each share."""
    return Shares(*(median(values) for values in zip(*(astuple(item.shares) for item in rounds), strict=True)))


def client_targets(rounds: Rounds) -> list[Target]:
    """Return the lines about the calls of clients: how much more processor time they take than the bare request."""
    taken = rounds.get("clients", {})
    return [
        Target(
            "clients",
            f"{ours} : {theirs}, processor time of a call",
            median(one.microseconds / bare.microseconds for one, bare in zip(taken[ours], taken[theirs], strict=True)),
            CLIENT_RATIO,
            at_most=True,
        )
        for ours, theirs in CLIENTS
        if ours in taken
    ]


def light_target(milliseconds: float) -> Target:
    """Return the line about a light request beside 200 sign-ins."""
    return Target("login", "a light request beside 200, p99", milliseconds, LIGHT_MS, "ms", at_most=True)


def start_target(seconds: Sequence[float]) -> Target:
    """Return the line about the starts."""
    return Target("start", "to the first response, embedded, warm", median(seconds), START_SECONDS, "s", at_most=True)


def memory_target(mebibytes: float) -> Target:
    """Return the line about the memory of a worker that has been at work."""
    return Target("memory", "one worker after its work", mebibytes, WORKER_MIB, "MiB", at_most=True)


def workers_target(one: Sequence[Round], two: Sequence[Round]) -> Target:
    """Return the line about two workers against one.

    On two cores the second worker gets what driver and databases leave. So the line compares what a response costs: two
    workers whose responses cost no more processor time than those of one do twice the work on two cores of their own.
    """
    ratios = sorted(2 * alone.microseconds / both.microseconds for alone, both in zip(one, two, strict=True))
    return Target(
        "workers",
        "two : one, by processor time",
        median(ratios),
        WORKERS_RATIO,
        spread=(ratios[0], ratios[-1]),
    )


def row_target(size: float) -> Target:
    """Return the line about the size of a decision, or an event."""
    return Target("trail", "one row, indexes included", size, ROW_BYTES, "bytes", at_most=True)
