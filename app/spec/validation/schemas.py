"""OpenAPI 3.0 schemas, converted to JSON Schema 2020-12 for requests or responses, and compiled."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal

import orjson
from jsonschema_rs import Draft202012Validator

from app.spec.document import resolve
from app.spec.validation.formats import FORMATS, STORED_FORMATS

Direction = Literal["request", "response"]

_COPIED = (
    "enum",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "pattern",
    "type",
    "uniqueItems",
)
_OF_ITEMS = ("items", "uniqueItems")
_COMPOSED = ("allOf", "anyOf", "oneOf")
_HIDDEN_IN: Mapping[Direction, str] = {"request": "readOnly", "response": "writeOnly"}
_BOUNDS = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}


def compile(  # noqa: A001 - schemas.compile, as re.compile
    bundle: Mapping[str, Any], schema: Any, *, direction: Direction
) -> Draft202012Validator:
    """Return the validator of a schema, formats included. Lengths are counted in code points.

    Equal schemas share one: two thirds of those of a document repeat another, such as the header of a request id.
    """
    return _compile(orjson.dumps(convert(bundle, schema, direction=direction)), direction)


def forget() -> None:
    """Free the validators that nobody else keeps; those that are compiled from now on share nothing with the others."""
    _compile.cache_clear()


@lru_cache(maxsize=1000)
def _compile(converted: bytes, direction: Direction) -> Draft202012Validator:
    formats = FORMATS if direction == "request" else STORED_FORMATS
    return Draft202012Validator(orjson.loads(converted), validate_formats=True, formats=dict(formats), offline=True)


def convert(bundle: Mapping[str, Any], schema: Any, *, direction: Direction) -> dict[str, Any]:
    """Return a schema as self-contained JSON Schema 2020-12, with the schemas that it refers to in `$defs`.

    In requests, `readOnly` properties are neither required nor accepted; in responses, `writeOnly` ones. `nullable`
    allows null, whatever other keywords there are. Annotations are left out. The items of a list in a request are not
    checked if there are too many.
    """
    conversion = _Conversion(bundle, _HIDDEN_IN[direction])
    converted = conversion.schema(schema, frozenset())
    if conversion.definitions:
        converted = {**converted, "$defs": conversion.definitions}
    return converted


class _Conversion:
    def __init__(self, bundle: Mapping[str, Any], hidden: str) -> None:
        self._bundle = bundle
        self._hidden = hidden
        self.definitions: dict[str, Any] = {}

    def schema(self, source: Any, hidden_above: frozenset[str]) -> dict[str, Any]:
        if "$ref" in source:
            return {"$ref": self._definition(source["$ref"])}
        hidden = hidden_above | self._hidden_names(source, ())
        converted: dict[str, Any] = {key: source[key] for key in _COPIED if key in source}
        for limit, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
            if source.get(exclusive) is True and limit in converted:
                converted[exclusive] = converted.pop(limit)
        form = source.get("x-format", source.get("format"))
        if source.get("type", "string") == "string" and form is not None:
            converted["format"] = form
        elif source.get("type") == "integer" and source.get("format") in _BOUNDS:
            lowest, highest = _BOUNDS[source["format"]]
            converted.setdefault("allOf", []).append({"minimum": lowest, "maximum": highest})
        if required := [name for name in source.get("required", []) if name not in hidden]:
            converted["required"] = required
        self._add_subschemas(source, converted, hidden)
        if self._hidden == _HIDDEN_IN["request"] and "maxItems" in converted:
            converted = _length_first(converted)
        return _nullable(converted) if source.get("nullable") is True else converted

    def _add_subschemas(self, source: Mapping[str, Any], converted: dict[str, Any], hidden: frozenset[str]) -> None:
        if "properties" in source:
            converted["properties"] = {
                name: False if self._is_hidden(child) else self.schema(child, frozenset())
                for name, child in source["properties"].items()
            }
        for key in ("items", "not", "additionalProperties"):
            if key in source:
                child = source[key]
                converted[key] = self.schema(child, frozenset()) if isinstance(child, dict) else child
        for key in _COMPOSED:
            if key in source:
                branches = [self.schema(branch, hidden) for branch in source[key]]
                converted[key] = converted.get(key, []) + branches

    def _definition(self, reference: str) -> str:
        name = reference.removeprefix("#/components/schemas/")
        if name not in self.definitions:
            self.definitions[name] = {}
            self.definitions[name].update(self.schema(resolve(self._bundle, {"$ref": reference}), frozenset()))
        return "#/$defs/" + name.replace("~", "~0").replace("/", "~1")

    def _is_hidden(self, child: Any) -> bool:
        return bool(resolve(self._bundle, child).get(self._hidden))

    def _hidden_names(self, source: Any, above: tuple[int, ...]) -> frozenset[str]:
        """Return the properties hidden in this direction, by the schema itself or the schemas it is composed of."""
        source = resolve(self._bundle, source)
        if id(source) in above:
            return frozenset()
        names = {name for name, child in source.get("properties", {}).items() if self._is_hidden(child)}
        for key in _COMPOSED:
            for branch in source.get(key, []):
                names |= self._hidden_names(branch, (*above, id(source)))
        return frozenset(names)


def _length_first(converted: dict[str, Any]) -> dict[str, Any]:
    """Check the length of a list first, and its items only if there are not too many.

    The validator lists all violations before the first fifty are used, and the time to compare items with each other
    grows with the square of their number.
    """
    of_items = {key: converted.pop(key) for key in _OF_ITEMS if key in converted}
    return {**converted, "if": {"maxItems": converted["maxItems"]}, "then": of_items} if of_items else converted


def _nullable(converted: dict[str, Any]) -> dict[str, Any]:
    if isinstance(converted.get("type"), str) and not any(key in converted for key in (*_COMPOSED, "not")):
        widened = {**converted, "type": [converted["type"], "null"]}
        if "enum" in converted:
            widened["enum"] = [*converted["enum"], *([] if None in converted["enum"] else [None])]
        return widened
    return {"anyOf": [converted, {"type": "null"}]}
