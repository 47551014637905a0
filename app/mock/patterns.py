"""Texts that match a regular expression, for schemas that have a `pattern` and no example.

The expression is parsed by the parser of Python's `re`. Look-arounds and references are ignored: the caller checks
whether the text is valid.
"""

import importlib
import re
import string
from collections.abc import Iterable
from random import Random
from typing import Any

# The parser behind re.compile has no public name; its own, sre_parse, is deprecated.
_parse: Any = importlib.import_module("re._parser").parse
_ALPHABET = string.ascii_lowercase + string.digits + string.ascii_uppercase + " -_.~!*,:;/@"
_CATEGORIES = {
    "CATEGORY_DIGIT": string.digits,
    "CATEGORY_WORD": string.ascii_lowercase + string.digits + "_",
    "CATEGORY_SPACE": " ",
    "CATEGORY_NOT_DIGIT": string.ascii_lowercase,
    "CATEGORY_NOT_WORD": " -.",
    "CATEGORY_NOT_SPACE": string.ascii_lowercase + string.digits,
}
# How much longer than necessary a repetition may be, from attempt to attempt.
_STRETCH = (1, 3, 8, 20, 60, 200)
# A text that needs more repetitions is not made.
_MAX_TIMES = 1_000


def text_matching(pattern: str, chance: Random, *, shortest: int = 0, longest: int | None = None) -> str | None:
    """Return a text that matches, with a length within bounds; None if none is found.

    Args:
        chance: decides between texts; the same one gives the same text.
    """
    try:
        tree = _parse(pattern)
    except re.error:
        return None
    for stretch in _STRETCH:
        text = _sequence(tree, chance, stretch)
        if len(text) >= shortest and (longest is None or len(text) <= longest):
            return text
    return None


def _sequence(tree: Iterable[Any], chance: Random, stretch: int) -> str:
    return "".join(_part(str(operator), argument, chance, stretch) for operator, argument in tree)


def _part(operator: str, argument: Any, chance: Random, stretch: int) -> str:
    if operator == "LITERAL":
        return chr(argument)
    if operator == "NOT_LITERAL":
        return chance.choice([each for each in _ALPHABET if ord(each) != argument])
    if operator == "ANY":
        return chance.choice(string.ascii_lowercase)
    if operator == "IN":
        return _of_set(argument, chance)
    if operator in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        lowest, highest, inner = argument
        times = chance.randint(min(lowest, _MAX_TIMES), min(int(highest), lowest + stretch, _MAX_TIMES))
        return "".join(_sequence(inner, chance, stretch) for _ in range(times))
    if operator == "SUBPATTERN":
        return _sequence(argument[-1], chance, stretch)
    if operator == "ATOMIC_GROUP":
        return _sequence(argument, chance, stretch)
    if operator == "BRANCH":
        return _sequence(chance.choice(argument[1]), chance, stretch)
    return ""


def _of_set(members: Iterable[Any], chance: Random) -> str:
    allowed: list[str] = []
    forbidden = False
    excluded: list[tuple[int, int]] = []
    for operator, argument in members:
        name = str(operator)
        if name == "NEGATE":
            forbidden = True
        elif name == "CATEGORY":
            allowed += _CATEGORIES.get(str(argument), string.ascii_lowercase)
        else:
            first, last = argument if name == "RANGE" else (argument, argument)
            excluded.append((first, last))
            allowed += [chr(code) for code in range(first, min(last, first + 25) + 1)]
    if not forbidden:
        return chance.choice(allowed)
    taken = set(allowed)
    left = [
        each
        for each in _ALPHABET
        if each not in taken and not any(first <= ord(each) <= last for first, last in excluded)
    ]
    return chance.choice(left or ["x"])
