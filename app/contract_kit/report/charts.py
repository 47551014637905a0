"""The plots of the report, as SVG without scripts or styles of its own: they are readable without colour, too."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import log10

_ROW, _LABEL = 18, 190
# A cell is as wide as the page lets it be, between these.
_PAGE, _NARROWEST, _WIDEST = 1130, 26, 52
# A letter of a slanted name rises, and reaches to the right, by this.
_LETTER = 4.6
_GAP = 2
_BAR_WIDTH = 420


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a grid.

    Attributes:
        kind: the class of its colour: held, refused, failed, unseen, or empty.
        text: what stands in it.
        title: what is told when the pointer rests on it.
    """

    kind: str
    text: str = ""
    title: str = ""


def grid(rows: Sequence[str], columns: Sequence[str], cell: Callable[[str, str], Cell | None], *, label: str) -> str:
    """Return a grid of cells, with the names of the columns on a slant."""
    slant = max(map(len, columns), default=0) * _LETTER
    wide = min(max(int((_PAGE - _LABEL - slant) / max(len(columns), 1)), _NARROWEST), _WIDEST)
    top = round(slant) + 16
    parts = [_open(_LABEL + len(columns) * wide + slant, top + len(rows) * _ROW + 6, label)]
    for number, column in enumerate(columns):
        x = _LABEL + number * wide + wide / 2
        parts.append(f'<text class="head" transform="translate({x:.0f} {top - 6}) rotate(-45)">{escape(column)}</text>')
    for line, row in enumerate(rows):
        y = top + line * _ROW
        parts.append(f'<text class="name" x="{_LABEL - 8}" y="{y + 13}">{escape(row)}</text>')
        for number, column in enumerate(columns):
            found = cell(row, column)
            if found is not None:
                parts.append(_cell(found, _LABEL + number * wide, y, wide))
    parts.append("</svg>")
    return "".join(parts)


def _cell(cell: Cell, x: int, y: int, wide: int) -> str:
    box = f'<rect class="{cell.kind}" x="{x}" y="{y}" width="{wide - _GAP}" height="{_ROW - _GAP}" rx="2"/>'
    text = f'<text class="in {cell.kind}" x="{x + wide / 2 - 1:.0f}" y="{y + 12}">{escape(cell.text)}</text>'
    return f"<g><title>{escape(cell.title)}</title>{box}{text if cell.text else ''}</g>"


def bars(values: Mapping[str, float], *, unit: str, label: str, failed: Iterable[str] = ()) -> str:
    """Return a bar for each value, each with its number."""
    longest, bad = max(values.values(), default=1) or 1, set(failed)
    parts = [_open(_LABEL + _BAR_WIDTH + 90, len(values) * _ROW + 6, label)]
    for line, (name, value) in enumerate(values.items()):
        y, width = line * _ROW, max(value / longest * _BAR_WIDTH, 1)
        kind = "failed" if name in bad else "held"
        parts.append(f'<text class="name" x="{_LABEL - 8}" y="{y + 13}">{escape(name)}</text>')
        parts.append(f'<rect class="{kind}" x="{_LABEL}" y="{y}" width="{width:.1f}" height="{_ROW - _GAP}" rx="2"/>')
        parts.append(f'<text class="value" x="{_LABEL + width + 6:.0f}" y="{y + 13}">{value:.1f} {unit}</text>')
    parts.append("</svg>")
    return "".join(parts)


def ranges(values: Mapping[str, tuple[float, float]], *, label: str) -> str:
    """Return a line from the median to the 95th percentile for each value in milliseconds, on a logarithmic scale."""
    high = max((upper for _, upper in values.values()), default=1)
    low = max(min((lower for lower, _ in values.values()), default=0.1), 0.05)
    steps = [10.0**power for power in range(-1, 5) if low / 2 <= 10.0**power <= high * 2]
    first, last = log10(low / 1.5), log10(high * 1.5)

    def place(value: float) -> float:
        return _LABEL + (log10(max(value, low / 1.5)) - first) / max(last - first, 0.1) * _BAR_WIDTH

    height = len(values) * _ROW + 26
    parts = [_open(_LABEL + _BAR_WIDTH + 90, height, label)]
    for step in steps:
        x = place(step)
        if _LABEL <= x <= _LABEL + _BAR_WIDTH:
            parts.append(f'<line class="axis" x1="{x:.0f}" x2="{x:.0f}" y1="0" y2="{height - 18}"/>')
            parts.append(f'<text class="tick" x="{x:.0f}" y="{height - 4}">{step:g} ms</text>')
    for line, (name, (lower, upper)) in enumerate(values.items()):
        y = line * _ROW + 8
        parts.append(f'<text class="name" x="{_LABEL - 8}" y="{y + 5}">{escape(name)}</text>')
        parts.append(f'<line class="range" x1="{place(lower):.1f}" x2="{place(upper):.1f}" y1="{y}" y2="{y}"/>')
        parts.append(f'<circle class="held" cx="{place(lower):.1f}" cy="{y}" r="4"/>')
        text = f"{lower:.1f} / {upper:.1f}"
        parts.append(f'<text class="value" x="{place(upper) + 8:.0f}" y="{y + 5}">{text}</text>')
    parts.append("</svg>")
    return "".join(parts)


def _open(width: float, height: float, label: str) -> str:
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    return f'<svg role="img" aria-label="{escape(label)}" {size}>'
