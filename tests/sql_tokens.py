"""Split an SQL text into tokens, as PostgreSQL does: without comments and white space."""

import re

# In the order in which they are tried. A comment or a quoted text is one token, whatever it contains.
_KINDS = {
    "space": r"\s+",
    "comment": r"--[^\n]*",
    "escaped": r"[eE]'(?:[^'\\]|\\.|'')*'",
    "text": r"(?:[bBnNxX]|[uU]&)?'(?:[^']|'')*'",
    "name": r'(?:[uU]&)?"(?:[^"]|"")*"',
    "dollars": r"\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$",
    "word": r"(?![eE]')[^\W\d][\w$]*",
    "number": r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?",
    "parameter": r"\$\d+",
    # An operator ends where a comment begins.
    "operator": r"(?:(?!--|/\*)[-+*/<>=~!@#%^&|`?])+",
    "mark": r"::|:=|\.\.|[][(),;.:]",
}
_TOKEN = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _KINDS.items()), re.DOTALL)
_EDGE = re.compile(r"/\*|\*/")
_IGNORED = ("space", "comment")


def tokens(text: str) -> list[str]:
    """Return the tokens of an SQL text, each as it is written.

    Raises:
        ValueError: a comment or a quoted text has no end, or there is a character that SQL does not have.
    """
    result = []
    place = 0
    while place < len(text):
        if text.startswith("/*", place):
            place = _end_of_comment(text, place)
            continue
        match = _TOKEN.match(text, place)
        if match is None:
            raise ValueError(f"This is not SQL, or it has no end: {text[place : place + 40]!r}")
        if match.lastgroup not in _IGNORED:
            result.append(match[0])
        place = match.end()
    return result


def _end_of_comment(text: str, start: int) -> int:
    """Return where a block comment ends; another one may be inside it."""
    depth = 0
    for edge in _EDGE.finditer(text, start):
        depth += 1 if edge[0] == "/*" else -1
        if depth == 0:
            return edge.end()
    raise ValueError(f"This comment has no end: {text[start : start + 40]!r}")
