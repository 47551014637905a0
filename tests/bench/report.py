"""What a person reads at the end, and what a program reads."""

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

from tests.bench.targets import Ratio, Rounds, Target, typical

_HEAD = ("work", "who", "responses/s", "least", "most", "p50 ms", "p99 ms", "server", "driver", "PostgreSQL", "Valkey")

UNLIMITED = ("clients", "workers")
"""Works whose servers have no core of their own: a client of the package is no server, and workers use every core."""


def rates_table(rounds: Rounds) -> list[str]:
    """Return the lines of the table of rates, latencies and shares of a core, medians over the rounds."""
    rows: list[tuple[str, ...]] = [(*_HEAD, "us/response", "limit")]
    for work, entrants in rounds.items():
        for who, taken in entrants.items():
            figures = _figures(work, who, rounds)
            shares = typical(taken)
            rates = [item.measured.rate for item in taken]
            numbers = (figures["rate"], min(rates), max(rates), figures["p50_ms"], figures["p99_ms"])
            parts = (shares.server, shares.driver, shares.postgres, shares.valkey)
            limit = "" if work in UNLIMITED else shares.limit
            cells = (*map(_short, numbers), *(f"{part:.0%}" for part in parts))
            rows.append((work, who, *cells, _short(figures["us_per_response"]), limit))
    return _aligned(rows, left=2)


def targets_table(targets: Sequence[Target]) -> list[str]:
    """Return the lines that set each figure beside its target, each with the warnings about it."""
    rows = [("work", "what", "measured", "spread", "by server", "must be", "")]
    for target in targets:
        sign = "<=" if target.at_most else ">="
        verdict = "ok" if target.reached else "short" if target.binding else "less"
        spread = " - ".join(map(_short, target.spread))
        bound = f"{sign} {_short(target.bound)} {target.unit}"
        bound += f" (aim {_short(target.aim)})" if target.aim is not None else ""
        bound = bound if target.binding else f"expected {bound}"
        by_server = "" if target.by_server is None else f"{_short(target.by_server)} x"
        measured = f"{_short(target.measured)} {target.unit}"
        rows.append((target.work, target.what, measured, spread, by_server, bound, verdict))
    head, *lines = _aligned(rows, left=2)
    found = [head]
    for target, line in zip(targets, lines, strict=True):
        found += [line, *(f"    ! {warning}" for warning in target.warnings)]
    return found


def summary(targets: Sequence[Target], missing: Sequence[Ratio] = ()) -> str:
    """Return one line that says what falls short of a target; what is only expected is left out.

    Args:
        missing: the lines that could not be measured.
    """
    binding = [target for target in targets if target.binding]
    short = [f"{target.work}: {target.what}" for target in binding if not target.reached]
    lacking = f" Not measured: {'; '.join(f'{line.work}: {line.ours} : {line.theirs}' for line in missing)}."
    lacking = lacking if missing else ""
    if not binding:
        return f"None of these lines has a target.{lacking}"
    if not short:
        return f"All {len(binding)} targets are reached.{lacking}"
    return f"{len(short)} of {len(binding)} targets fall short: {'; '.join(short)}.{lacking}"


def disturbed(rounds: Rounds) -> str:
    """Return one line if other programs took the processor from some entrants; empty if not."""
    entrants = [typical(taken) for work, found in rounds.items() if work not in UNLIMITED for taken in found.values()]
    count = sum(shares.limit == "other programs" for shares in entrants)
    if not count:
        return ""
    return f"Other programs were the limit of {count} of {len(entrants)} rows: run it again on a quiet machine."


def as_json(rounds: Rounds, targets: Sequence[Target], taken: dict[str, Any]) -> dict[str, Any]:
    """Return everything in plain values.

    Args:
        taken: how it was measured: rounds, seconds, connections, driver, databases, who was left out.
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
                "shares": asdict(typical(items)),
                "limit": typical(items).limit,
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
        "us_per_response": median(item.microseconds for item in taken),
    }


def _short(number: float) -> str:
    return f"{number:.0f}" if number >= 100 else f"{number:.1f}" if number >= 10 else f"{number:.2f}"


def _aligned(rows: Sequence[Sequence[str]], *, left: int) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if column < left or column == len(widths) - 1 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
