"""What a person reads at the end, and what a program reads."""

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

from tests.bench.targets import Rounds, Target

QUIET = 0.85
"""The least share of its core that a server has on a quiet machine, where it waits for no database."""


def rates_table(rounds: Rounds) -> list[str]:
    """Return the lines of the table of rates and latencies, medians over the rounds."""
    rows: list[tuple[str, ...]] = [
        (
            "work",
            "who",
            "responses/s",
            "least",
            "most",
            "p50 ms",
            "p99 ms",
            "server's core",
            "load's core",
            "/core second",
        )
    ]
    for work, entrants in rounds.items():
        for who, taken in entrants.items():
            figures = _figures(work, who, rounds)
            rates = [item.measured.rate for item in taken]
            numbers = (figures["rate"], min(rates), max(rates), figures["p50_ms"], figures["p99_ms"])
            shares = (f"{figures['server_share']:.0%}", f"{figures['load_share']:.0%}")
            per_core = _short(figures["per_core_second"])
            rows.append((work, who, *(_short(number) for number in numbers), *shares, per_core))
    return _aligned(rows, left=2)


def targets_table(targets: Sequence[Target]) -> list[str]:
    """Return the lines that set each figure beside its target."""
    rows = [("work", "what", "measured", "must be", "")]
    for target in targets:
        sign = "<=" if target.at_most else ">="
        verdict = "ok" if target.reached else "short" if target.binding else "less"
        measured = f"{_short(target.measured)} {target.unit}"
        bound = f"{sign} {_short(target.bound)} {target.unit}"
        rows.append((target.work, target.what, measured, bound if target.binding else f"expected {bound}", verdict))
    return _aligned(rows, left=2)


def summary(targets: Sequence[Target]) -> str:
    """Return one line that says what falls short of a target; what is only expected is left out."""
    binding = [target for target in targets if target.binding]
    short = [f"{target.work}: {target.what}" for target in binding if not target.reached]
    if not binding:
        return "None of these lines has a target."
    if not short:
        return f"All {len(binding)} targets are reached."
    return f"{len(short)} of {len(binding)} targets fall short: {'; '.join(short)}."


def disturbed(rounds: Rounds) -> str:
    """Return one line if others wanted the servers' core during the works that need nothing else; empty if not."""
    shares = [
        _figures(work, who, rounds)["server_share"] for work in ("floor", "login") for who in rounds.get(work, ())
    ]
    if not shares or min(shares) >= QUIET:
        return ""
    return f"Something else was running: a server had {min(shares):.0%} of its core. Run it again on a quiet machine."


def as_json(rounds: Rounds, targets: Sequence[Target], taken: dict[str, Any]) -> dict[str, Any]:
    """Return everything in plain values.

    Args:
        taken: how it was measured: rounds, seconds, connections.
    """
    return {
        "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()},
        "taken": taken,
        "rates": [
            {
                "work": work,
                "who": who,
                "rounds": [round(item.measured.rate, 1) for item in items],
                **_figures(work, who, rounds),
            }
            for work, entrants in rounds.items()
            for who, items in entrants.items()
        ],
        "targets": [asdict(target) | {"reached": target.reached} for target in targets],
    }


def _figures(work: str, who: str, rounds: Rounds) -> dict[str, float]:
    taken = rounds[work][who]
    return {
        "rate": median(item.measured.rate for item in taken),
        "p50_ms": median(item.measured.p50 for item in taken),
        "p99_ms": median(item.measured.p99 for item in taken),
        "server_share": median(item.server_share for item in taken),
        "load_share": median(item.load_share for item in taken),
        "per_core_second": median(item.per_core_second for item in taken),
    }


def _short(number: float) -> str:
    return f"{number:.0f}" if number >= 100 else f"{number:.1f}" if number >= 10 else f"{number:.2f}"


def _aligned(rows: Sequence[Sequence[str]], *, left: int) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
