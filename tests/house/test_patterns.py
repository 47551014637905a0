"""No regular expression of the server takes more than time in proportion to what it searches, whatever that is."""

import importlib
import re
import time
from collections.abc import Iterator
from itertools import permutations
from typing import Any

import pytest

from tests.house.repository import ROOT, files

# So much text, and so long at most: many times what the slowest of them takes, less than a square would.
SIZE = 8_000
MAX_SECONDS = 0.02
_MAX_PIECES = 7

# Patterns that see only what the operator or this repository wrote.
ELSEWHERE = ("app/cli/", "app/embedded/", "app/spec/document/")


def _patterns() -> dict[str, re.Pattern[Any]]:
    """Return every pattern that a module of the server keeps, by its place."""
    found: dict[str, re.Pattern[Any]] = {}
    for path in files("*.py"):
        name = path.relative_to(ROOT).as_posix()
        if name.startswith("app/") and not name.startswith(ELSEWHERE):
            module = importlib.import_module(name.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
            kept = vars(module).items()
            found |= {f"{name} {key}": value for key, value in kept if isinstance(value, re.Pattern)}
    return {place: pattern for place, pattern in found.items() if place.startswith(f"{_home(place, found)} ")}


def _home(place: str, found: dict[str, re.Pattern[Any]]) -> str:
    """Return the first module that has the pattern of a place: others import it."""
    return next(other for other, pattern in found.items() if pattern is found[place]).partition(" ")[0]


PATTERNS = _patterns()


def _worst(pattern: re.Pattern[Any]) -> Iterator[str]:
    """Yield texts that begin as the pattern wants it, go on forever with what it repeats, and end otherwise."""
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    letters = [letter for letter in dict.fromkeys(source) if not letter.isalnum() and letter.isprintable()]
    words = list(dict.fromkeys(re.findall(r"[A-Za-z]{2,}:?/*", source)))
    pieces = ["a", "0", " ", "A0", *words[:4], *letters[:_MAX_PIECES]]
    for piece in pieces:
        for begin in ("", *words[:3], "a", '"', "a@a", "a/a"):
            yield begin + piece * (SIZE // len(piece)) + "\x00"
    for first, second in permutations(pieces[:7], 2):
        yield (first + second) * (SIZE // len(first + second)) + "\x00"
        yield first * (SIZE // 2 // len(first)) + second * (SIZE // 2 // len(second)) + "\x00"


@pytest.mark.measured
@pytest.mark.parametrize("place", PATTERNS)
def test_no_pattern_takes_time_beyond_proportion(place: str) -> None:
    pattern = PATTERNS[place]
    module, _, name = place.partition(" ")
    searched = re.search(
        rf"\b{name}\.(search|sub|findall|finditer|split)\b", (ROOT / module).read_text(encoding="utf-8")
    )
    uses = [pattern.fullmatch, pattern.match, *([pattern.findall] if searched else [])]
    for text in _worst(pattern):
        given = text if isinstance(pattern.pattern, str) else text.encode("latin-1", "replace")
        for use in uses:
            if _seconds(use, given) > MAX_SECONDS:
                best = min(_seconds(use, given) for _ in range(3))
                told = f"{place}: {use.__name__} of {text[:20]!r}… takes {best:.2f} s."
                assert best <= MAX_SECONDS, f"{told} Write the pattern so that it tries no text in several ways."


def _seconds(use: Any, text: str | bytes) -> float:
    started = time.thread_time()
    use(text)
    return time.thread_time() - started


def test_there_are_patterns() -> None:
    assert len(PATTERNS) > 40
