"""Values of schemas: examples first, else made by the rules of the schema. The same seed gives the same value."""

import copy
from collections.abc import Mapping
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

from app.identifiers import lowest_id
from app.mock.patterns import text_matching
from app.spec.document import resolve
from app.spec.validation import schemas

_FORMATS = {
    "byte": "ZXhhbXBsZQ==",
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00.000Z",
    "email": "ada@example.com",
    "hostname": "www.example.com",
    "ipv4": "203.0.113.9",
    "ipv6": "2001:db8::9",
    "time-zone": "Europe/London",
    "uri": "https://www.example.com/",
    "url": "https://www.example.com/",
    "web-url": "https://www.example.com/",
}
_MOMENT = datetime(2026, 1, 31, 12, tzinfo=UTC)
# Of a UUIDv7, after the variant.
_RANDOM_BITS = 62
_WORDS = ("amber", "birch", "cedar", "delta", "ember", "fern", "grove", "heath", "iris", "juniper", "larch", "maple")
_ATTEMPTS = 20
_MAX_DEPTH = 6
_USUAL_ITEMS = 2
_WIDEST = 1_000
# Larger values would take long to make, and nobody reads them.
_MAX_LENGTH = 100_000
_MAX_PARTS = 2_000


class NoSampleError(Exception):
    """No valid value was found for a schema."""


class _TooLargeError(Exception):
    """A value has too many parts."""


class Samples:
    """Makes values of schemas.

    Args:
        bundle: the document, for references.
        seed: another seed gives other values.
    """

    def __init__(self, bundle: Mapping[str, Any], seed: int) -> None:
        self._bundle = bundle
        self._seed = seed
        self._max_depth = _MAX_DEPTH
        self._parts = 0

    def make(self, schema: Any, name: str, *, examples: bool = True) -> Any:
        """Return a value that a response may have.

        Args:
            name: of what the value is for; two names get different values of one schema.
            examples: whether the examples in the schema are used.

        Raises:
            NoSampleError: no attempt made a valid value.
        """
        validator = schemas.compile(self._bundle, schema, direction="response")
        for attempt in range(_ATTEMPTS):
            chance = Random(f"{self._seed} {name} {attempt}")
            # A schema that refers to itself often gets smaller from attempt to attempt.
            self._max_depth, self._parts = max(0, _MAX_DEPTH - attempt), 0
            try:
                value = self._value(schema, chance, 0, examples=examples and attempt == 0)
                if validator.is_valid(value):
                    return value
            except (_TooLargeError, RecursionError, OverflowError):
                continue
        raise NoSampleError

    def _value(self, schema: Any, chance: Random, depth: int, *, examples: bool) -> Any:
        self._parts += 1
        if self._parts > _MAX_PARTS:
            raise _TooLargeError
        schema = self._merged(resolve(self._bundle, schema))
        if examples and "example" in schema:
            return copy.deepcopy(schema["example"])
        if "enum" in schema:
            return chance.choice([value for value in schema["enum"] if value is not None] or [None])
        if depth > self._max_depth and schema.get("nullable"):
            return None
        for key in ("oneOf", "anyOf"):
            if key in schema:
                return self._value(chance.choice(schema[key]), chance, depth, examples=examples)
        kind = schema.get("type", "object" if "properties" in schema else "string")
        if kind == "object":
            return self._object(schema, chance, depth, examples=examples)
        if kind == "array":
            return self._array(schema, chance, depth, examples=examples)
        if kind == "boolean":
            return chance.random() < 0.5
        return _number(schema, kind, chance) if kind in ("integer", "number") else _text(schema, chance)

    def _merged(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """Return a schema with its allOf merged into it."""
        merged = {key: value for key, value in schema.items() if key != "allOf"}
        for part in schema.get("allOf", ()):
            inner = self._merged(resolve(self._bundle, part))
            properties = {**inner.get("properties", {}), **merged.get("properties", {})}
            required = [*inner.get("required", []), *merged.get("required", [])]
            merged = {**inner, **merged}
            if properties:
                merged["properties"], merged["required"] = properties, required
                # An example of one part lacks the properties of the others.
                merged.pop("example", None)
        return merged

    def _object(self, schema: Mapping[str, Any], chance: Random, depth: int, *, examples: bool) -> dict[str, Any]:
        required, value = schema.get("required", ()), {}
        for name, child in schema.get("properties", {}).items():
            hidden = resolve(self._bundle, child).get("writeOnly")
            if not hidden and (name in required or depth <= self._max_depth):
                value[name] = self._value(child, chance, depth + 1, examples=examples)
        extra = schema.get("additionalProperties", True)
        while extra is not False and len(value) < schema.get("minProperties", 0):
            inner = extra if isinstance(extra, dict) else {"type": "string"}
            value[f"{chance.choice(_WORDS)}_{len(value)}"] = self._value(inner, chance, depth + 1, examples=examples)
        return value

    def _array(self, schema: Mapping[str, Any], chance: Random, depth: int, *, examples: bool) -> list[Any]:
        number = max(schema.get("minItems", 0), min(_USUAL_ITEMS, schema.get("maxItems", _USUAL_ITEMS)))
        if depth > self._max_depth:
            number = schema.get("minItems", 0)
        values: list[Any] = []
        for index in range(number):
            value = self._value(schema.get("items", {}), chance, depth + 1, examples=examples and index == 0)
            if not schema.get("uniqueItems") or value not in values:
                values.append(value)
        return values


def _number(schema: Mapping[str, Any], kind: str, chance: Random) -> int | float:
    lowest = schema.get("minimum", min(0, schema.get("maximum", 0)))
    highest = min(schema.get("maximum", lowest + _WIDEST), lowest + _WIDEST)
    step = schema.get("multipleOf", 1 if kind == "integer" else 0)
    if step:
        first = -(-lowest // step) + bool(schema.get("exclusiveMinimum"))
        last = highest // step - bool(schema.get("exclusiveMaximum"))
        number: int | float = chance.randint(int(first), max(int(first), int(last))) * step
        return int(number) if kind == "integer" else number
    return round(chance.uniform(lowest, highest), 3)


def _text(schema: Mapping[str, Any], chance: Random) -> str:
    shortest, longest = schema.get("minLength", 0), schema.get("maxLength")
    if shortest > _MAX_LENGTH:
        raise _TooLargeError
    form = schema.get("x-format", schema.get("format"))
    if form == "uuid":
        return str(UUID(int=lowest_id(_MOMENT).int | chance.getrandbits(_RANDOM_BITS)))
    if form == "cursor":
        return "".join(chance.choice("abcdefghijklmnop") for _ in range(64))
    if form in _FORMATS:
        return _FORMATS[form]
    if "pattern" in schema:
        text = text_matching(schema["pattern"], chance, shortest=shortest, longest=longest)
        if text is not None:
            return text
    text = chance.choice(_WORDS)
    while len(text) < shortest:
        text += f" {chance.choice(_WORDS)}"
    return text if longest is None else text[:longest]
