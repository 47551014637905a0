"""What a person reads: how many times as much each kind of request costs on the large database, and whether it may."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.scale.cases import Case
from tests.bench.scale.measuring import Took


@dataclass(frozen=True, slots=True)
class Line:
    """A case, measured on both databases."""

    case: Case
    small: Took
    large: Took

    @property
    def ratio(self) -> float:
        """How many times as long the whole request took on the large one."""
        return self.large.whole / self.small.whole

    @property
    def bound(self) -> float | None:
        """How much it may be; None where the small one has not as many rows for the page, so that nothing compares."""
        return self.case.bound if self.small.rows == self.large.rows else None

    @property
    def is_met(self) -> bool:
        """Whether the bound is met; always, where there is none."""
        most_ms = self.case.most_ms
        if most_ms is not None:
            return self.large.whole <= most_ms
        return self.bound is None or self.ratio <= self.bound

    @property
    def judged(self) -> bool:
        """Whether there is a bound to keep."""
        return self.bound is not None or self.case.most_ms is not None


def slowest(lines: Sequence[Line]) -> list[Line]:
    """Return, of each kind of request, the slowest of the cases that are judged, and of those that are not."""
    found: dict[tuple[str, str, bool], Line] = {}
    for line in lines:
        key = (line.case.operation_id, line.case.asks, line.judged)
        if key not in found or line.ratio > found[key].ratio:
            found[key] = line
    return list(found.values())


def table(lines: Sequence[Line]) -> list[str]:
    """Return the lines of the table: the slowest case of each kind."""
    rows = [("operation", "asked for", "small ms", "large ms", "ratio", "bound", "", "in the database", "slowest case")]
    for line in slowest(lines):
        case = line.case
        bound = f"{case.most_ms:.0f} ms" if case.most_ms else "-" if line.bound is None else f"{line.bound:.1f} x"
        verdict = "" if not line.judged else "ok" if line.is_met else "BROKEN"
        times = (f"{line.small.whole:.2f}", f"{line.large.whole:.2f}", f"{line.ratio:.2f} x", bound, verdict)
        inside = f"{line.small.database:.2f} -> {line.large.database:.2f}"
        rows.append((case.operation_id, case.asks, *times, inside, case.path))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    right = range(2, 6)
    return [
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def summary(lines: Sequence[Line]) -> str:
    """Return one line that says how many cases there were, and how many broke their bound."""
    broken = [line for line in lines if not line.is_met]
    unjudged = sum(not line.judged for line in lines)
    judged = f"{len(lines) - unjudged} cases judged, {unjudged} shown only"
    if not broken:
        return f"{judged}: every bound is met."
    worst = max(broken, key=lambda line: line.ratio)
    return f"{judged}: {len(broken)} break their bound, {worst.case.path} most, {worst.ratio:.1f} x."


def broken(lines: Sequence[Line]) -> list[str]:
    """Return a line for each case that breaks its bound, the worst first."""
    worst = sorted((line for line in lines if not line.is_met), key=lambda line: -line.ratio)
    return [
        f"{line.ratio:5.2f} x  {line.small.whole:.2f} -> {line.large.whole:.2f} ms  {line.case.path}" for line in worst
    ]


def passed(lines: Sequence[Line]) -> bool:
    """Say whether every bound is met."""
    return all(line.is_met for line in lines)
