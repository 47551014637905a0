"""The numbers to reach, each beside the figure measured for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tests.bench.works import Round

Rounds = Mapping[str, Mapping[str, Sequence[Round]]]
"""Rounds by work and entrant; the n-th rounds of a work's entrants were taken one right after another."""


@dataclass(frozen=True, slots=True)
class Target:
    """One line of the verdict.

    Attributes:
        measured: a ratio, or a figure in `unit`.
        bound: the least it may be, or with `at_most` the most.
        binding: False for what nobody has set a target for: the bound is what we expect, and says so.
    """

    work: str
    what: str
    measured: float
    bound: float
    unit: str = "x"
    at_most: bool = False
    binding: bool = True

    @property
    def reached(self) -> bool:
        """Whether the figure is on the right side of its bound."""
        return self.measured <= self.bound if self.at_most else self.measured >= self.bound


RATIOS = (
    ("floor", "Charter, bare", "FastAPI", 1.8),
    ("floor", "Charter, bare", "hand-written", 0.7),
    ("floor", "Charter, logged", "FastAPI", 1.3),
    ("floor", "Charter, logged", "hand-written", 0.55),
    ("floor", "Charter, logged", "stock Connexion", 5.0),
    ("me", "Charter", "FastAPI", 3.0),
    ("me", "Charter", "hand-written", 0.35),
    ("login", "Charter", "bcrypt alone", 0.9),
)
EXPECTED = (
    ("list", "Charter", "FastAPI, Redis", 1.0),
    ("search", "Charter", "FastAPI, Redis", 1.0),
    ("cached", "Charter", "FastAPI, Redis", 1.0),
)
# Each client of the package beside the one that it is made of.
CLIENTS = (("package", "httpx"), ("package, async", "httpx, async"), ("package, Node", "fetch, Node"))
CLIENT_RATIO = 1.3
REFRESHES_PER_SECOND = 1000.0
LIGHT_MS = 50.0
START_SECONDS = 3.0
WORKER_MIB = 120.0


def rate_targets(rounds: Rounds) -> list[Target]:
    """Return the lines about the works that were measured.

    A ratio is the median of the ratios of neighbouring rounds, because the machine drifts between them.
    """
    found = [
        Target(
            work, f"{ours} : {theirs}", _ratio(rounds[work][ours], rounds[work][theirs]), bound, binding=lines is RATIOS
        )
        for lines in (RATIOS, EXPECTED)
        for work, ours, theirs, bound in lines
        if work in rounds
    ]
    if "refresh" in rounds:
        rate = median(item.measured.rate for item in rounds["refresh"]["Charter"])
        found.append(Target("refresh", "responses a second", rate, REFRESHES_PER_SECOND, "/s"))
    return found


def client_targets(rounds: Rounds) -> list[Target]:
    """Return the lines about the calls of clients: how much more processor time they take than the bare request."""
    taken = rounds.get("clients", {})
    return [
        Target(
            "clients",
            f"{ours} : {theirs}, processor time of a call",
            median(
                bare.per_core_second / mine.per_core_second
                for mine, bare in zip(taken[ours], taken[theirs], strict=True)
            ),
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


def _ratio(ours: Sequence[Round], theirs: Sequence[Round]) -> float:
    return median(mine.measured.rate / other.measured.rate for mine, other in zip(ours, theirs, strict=True))
