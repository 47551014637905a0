"""Breaks the long lines of Python that is written, as `ruff format` breaks them; that program need not be installed.

It knows the statements of the templates, and not all of Python: a line that it cannot break stays as it is.
"""

import io
import re
import tokenize
from collections.abc import Iterator

from app.scaffold.imports import WIDTH

_OPENING, _CLOSING = "([{", ")]}"
_INDENT = "    "
_LONG_CHAIN = 2


def laid_out(text: str) -> str:
    """Return the text of a module with no line that is too long and can be broken."""
    if all(len(line) <= WIDTH for line in text.splitlines()):
        return text
    lines = text.splitlines()
    whole = set(_statements_on_one_line(text))
    broken = (_broken(line) if len(line) > WIDTH and n in whole else [line] for n, line in enumerate(lines, 1))
    return "\n".join(each for some in broken for each in some) + "\n"


def _statements_on_one_line(text: str) -> Iterator[int]:
    """Yield the numbers of lines that are a statement, or an element on a line of its own, and nothing else."""
    inside: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.STRING and token.start[0] != token.end[0]:
            inside.update(range(token.start[0], token.end[0] + 1))
    yield from (number for number in range(1, text.count("\n") + 1) if number not in inside)


def _broken(line: str) -> list[str]:
    """Return the lines of a line that is too long."""
    code = line.lstrip()
    indent = line[: len(line) - len(code)]
    if len(line) <= WIDTH or code.startswith("#"):
        return [line]
    if parts := _conditional(code):
        value, *rest = parts
        return [*_broken(indent + value), *(indent + each for each in rest)]
    if found := re.fullmatch(r"([\w.]+(?:, [\w.]+)+ = )(.+)", code):
        elements = _elements(found[2])
        if len(elements) > 1:
            return [f"{indent}{found[1]}(", *_one_a_line(elements, indent), f"{indent})"]
    if indent and len(chain := _calls(code)) > _LONG_CHAIN:
        return [indent + each for each in chain]
    pair = _bracket(code, len(indent))
    if pair is None:
        return [line]
    start, end = pair
    head, body, tail = code[: start + 1], code[start + 1 : end], code[end:]
    elements = _elements(body)
    if not elements:
        return [line]
    is_function = code.startswith("def ")
    is_call = head[-1] == "(" and re.search(r"\w\($", head) is not None
    if is_call and len(indent + _INDENT + body) <= WIDTH and not (is_function and len(elements) == 1):
        middle = [f"{indent}{_INDENT}{body}"]
    elif len(elements) == 1 and is_call and not is_function:
        middle = _broken(indent + _INDENT + elements[0])
    else:
        middle = _one_a_line(elements, indent)
    return [indent + head, *middle, indent + tail]


def _one_a_line(elements: list[str], indent: str) -> list[str]:
    return [line for element in elements for line in _broken(f"{indent}{_INDENT}{element},")]


def _conditional(code: str) -> tuple[str, str, str] | None:
    """Return the three parts of an element `a if b else c,`."""
    places = {word: at for at, depth, word in _words(code) if depth == 0 and word in ("if", "else")}
    if len(places) < 2 or "=" in [word for _, depth, word in _words(code) if depth == 0]:
        return None
    first, second = places["if"], places["else"]
    return code[: first - 1], code[first : second - 1], code[second:]


def _calls(code: str) -> list[str]:
    """Return the parts of `a.b(c).d(e).f(g)`: what comes first with its call, then each further call."""
    words = list(_words(code))
    after = {at + 1 for at, depth, word in words if word == ")" and depth == 0}
    dots = [at for at, depth, word in words if word == "." and depth == 0 and at in after]
    if not re.match(r"\w+\.\w+\(", code) or any(word in ("=", "==") for _, depth, word in words if depth == 0):
        return []
    return [code[a:b] for a, b in zip([0, *dots], [*dots, len(code)], strict=True)]


def _bracket(code: str, indent: int) -> tuple[int, int] | None:
    """Return where a pair of outer brackets opens and closes: the last one that ends a line that is short enough."""
    pairs, start = [], 0
    for at, depth, word in _words(code):
        if word in _OPENING and word and depth == 0:
            start = at
        elif word in _CLOSING and word and depth == 0 and at > start + 1 and not _is_plain(code[start : at + 1]):
            pairs.append((start, at))
    if code.startswith("def "):
        return pairs[0] if pairs else None
    return next((pair for pair in reversed(pairs) if indent + pair[0] < WIDTH), None)


def _is_plain(text: str) -> bool:
    """Return whether a bracket is a subscript with one word or number."""
    return re.fullmatch(r'\["?\w+"?\]|\[:\d\]', text) is not None


def _elements(body: str) -> list[str]:
    commas = [at for at, depth, word in _words(body) if word == "," and depth == 0]
    starts = [0, *(at + 1 for at in commas)]
    ends = [*commas, len(body)]
    return [part for part in (body[a:b].strip() for a, b in zip(starts, ends, strict=True)) if part]


def _words(code: str) -> Iterator[tuple[int, int, str]]:
    """Yield where each token begins, how many brackets it is in, and its text; a bracket is outside of its pair."""
    depth = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            if token.string in _CLOSING and token.string:
                depth -= 1
            yield token.start[1], depth, token.string
            if token.string in _OPENING and token.string:
                depth += 1
    except tokenize.TokenError:
        return
