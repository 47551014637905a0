"""What is wrong with a value, for the client that sent it: every violation with its field and a short message.

A message repeats neither the value, which may be a secret (law 10), nor the schema, which is in the document.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from jsonschema_rs import Draft202012Validator, ValidationError

from app.errors import Violation

MAX = 50
# The number of errors from which the first fifty violations are chosen.
_MAX_READ = 500
_MAX_NAME_LENGTH = 200
_MAX_OPTIONS = 12
# A pattern that lists the words before a colon, such as the kinds of targets.
_PREFIXES = re.compile(r"\^\(([a-z0-9_|]+)\):\.\+\$")

_TYPES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "text",
}
_HIDDEN = "control characters, tags, or characters that change the direction of what follows"
_FORMATS = {
    "cursor": "a cursor that this list gave you",
    "cursor-of-position": "a cursor that this list gave you",
    "date": "a date such as 2026-01-31",
    "date-time": "a time such as 2026-01-31T12:00:00Z",
    "email": "an email address",
    "multi-line": f"text without {_HIDDEN}; line breaks and tabs are allowed",
    "single-line": f"one line of text without {_HIDDEN}",
    "time-zone": "a time zone such as Europe/London",
    "uri": "an absolute URL",
    "uuid": "a UUID",
    "web-url": "an http or https URL in ASCII, without user name or password",
}
Path = tuple[str | int, ...]
_Finding = tuple[Path, str]


def list_violations(validator: Draft202012Validator, instance: Any, *, prefix: str = "") -> list[Violation]:
    """Return the violations of a value, ordered by field, at most fifty; none if it is valid.

    Args:
        validator: the one from `schemas.compile`.
        instance: the value.
        prefix: the field of the value itself; without it, a violation of the whole value has no field.
    """
    errors = list(islice(validator.iter_errors(instance), _MAX_READ))
    # The message of a format explains a pattern beside it.
    with_format = {tuple(error.instance_path) for error in errors if _kind(error) == "format"}
    findings = {
        finding
        for error in errors
        if _kind(error) != "pattern" or tuple(error.instance_path) not in with_format
        for finding in islice(_findings(error), _MAX_READ)
    }
    start: Path = (prefix,) if prefix else ()
    return [Violation(message, _field(start + path)) for path, message in sorted(findings, key=_order)[:MAX]]


def as_sentence(subject: str, message: str) -> str:
    """Return the message of a violation as a sentence about a subject, such as "x must be a number."."""
    return f"{subject} {message[:1].lower()}{message[1:]}"


def one_of(phrases: Iterable[str]) -> str:
    """Return phrases as a choice: `a`, `a or b`, `a, b or c`."""
    *others, last = phrases
    return f"{', '.join(others)} or {last}" if others else last


def _kind(error: ValidationError) -> str:
    kind: Any = error.kind
    return str(kind.name)


def _field(path: Path) -> str | None:
    name = ".".join(map(str, path))
    return (name if len(name) <= _MAX_NAME_LENGTH else name[:_MAX_NAME_LENGTH] + "…") or None


def _order(finding: _Finding) -> tuple[list[tuple[bool, int, str]], str]:
    path, message = finding
    return [(isinstance(step, str), step if isinstance(step, int) else 0, str(step)) for step in path], message


def _findings(error: ValidationError) -> Iterator[_Finding]:
    path: Path = tuple(error.instance_path)
    kind: Any = error.kind
    if kind.name == "required":
        yield (*path, kind.value), "Is required."
    elif kind.name in ("additionalProperties", "unevaluatedProperties"):
        for name in kind.value:
            yield (*path, name), "Is not a property of this object."
    elif kind.name in ("anyOf", "oneOf"):
        yield from _alternatives(
            path, getattr(kind, "context", None), several=type(kind).__name__ == "OneOfMultipleValid"
        )
    elif kind.name == "propertyNames":
        yield path, "Has a name that is not allowed."
    else:
        yield path, _message(kind)


def _alternatives(path: Path, branches: list[list[ValidationError]] | None, *, several: bool) -> Iterator[_Finding]:
    """Yield what is wrong in the alternative that was meant; if that is not clear, what the alternatives require."""
    if several or not branches:
        yield path, "Fits more than one of the allowed forms." if several else "Fits none of the allowed forms."
        return
    meant = [branch for branch in branches if not any(_chooses(error, path) for error in branch)]
    if len(meant) == 1:
        for error in meant[0]:
            yield from _findings(error)
        return
    types = [name for branch in branches for error in branch if _is_type(error, path) for name in _type_names(error)]
    if not meant and types and all(any(_is_type(error, path) for error in branch) for branch in branches):
        yield path, f"Must be {one_of(dict.fromkeys(types))}."
    else:
        yield path, "Fits none of the allowed forms."


def _chooses(error: ValidationError, path: Path) -> bool:
    """Return whether an error shows that another alternative was meant: a wrong type, or a wrong constant."""
    kind: Any = error.kind
    depth = len(error.instance_path) - len(path)
    return _is_type(error, path) or (kind.name in ("const", "enum") and depth == 1)


def _is_type(error: ValidationError, path: Path) -> bool:
    kind: Any = error.kind
    return kind.name == "type" and len(error.instance_path) == len(path)


def _type_names(error: ValidationError) -> list[str]:
    kind: Any = error.kind
    return [_TYPES[name] for name in sorted(kind.types, key=lambda name: (name == "null", name))]


def _message(kind: Any) -> str:
    write = _MESSAGES.get(kind.name)
    return write(kind) if write else "Is not valid."


def _type(kind: Any) -> str:
    return f"Must be {one_of(_TYPES[name] for name in sorted(kind.types, key=lambda name: (name == 'null', name)))}."


def _enum(kind: Any) -> str:
    options = [option if isinstance(option, str) else json.dumps(option) for option in kind.options]
    return f"Must be {one_of(options)}." if len(options) <= _MAX_OPTIONS else "Is not one of the allowed values."


def _pattern(kind: Any) -> str:
    choice = _PREFIXES.match(kind.pattern)
    if choice is None:
        return "Does not match the required pattern."
    return f"Must begin with {one_of(f'{prefix}:' for prefix in choice[1].split('|'))}, and go on after it."


def _counted(bound: str, thing: str, things: str) -> Callable[[Any], str]:
    return lambda kind: f"Must have {bound} {kind.limit} {thing if kind.limit == 1 else things}."


_MESSAGES: dict[str, Callable[[Any], str]] = {
    "const": lambda kind: f"Must be {json.dumps(kind.expected_value)}.",
    "enum": _enum,
    "exclusiveMaximum": lambda kind: f"Must be less than {kind.limit}.",
    "exclusiveMinimum": lambda kind: f"Must be more than {kind.limit}.",
    "falseSchema": lambda _: "Is set by the server and cannot be sent.",
    "format": lambda kind: f"Must be {_FORMATS.get(kind.format, kind.format)}.",
    "maxItems": _counted("at most", "item", "items"),
    "maxLength": _counted("at most", "character", "characters"),
    "maxProperties": _counted("at most", "property", "properties"),
    "maximum": lambda kind: f"Must be at most {kind.limit}.",
    "minItems": _counted("at least", "item", "items"),
    "minLength": _counted("at least", "character", "characters"),
    "minProperties": _counted("at least", "property", "properties"),
    "minimum": lambda kind: f"Must be at least {kind.limit}.",
    "multipleOf": lambda kind: f"Must be a multiple of {kind.multiple_of}.",
    "pattern": _pattern,
    "type": _type,
    "uniqueItems": lambda _: "Must not hold the same item twice.",
}
