"""OpenAPI 3.0 schemas as JSON Schema 2020-12, for one direction, and compiled."""

from collections.abc import Mapping
from typing import Any, Literal

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
    """Return what checks values against a schema of the document, formats included. Lengths count code points."""
    formats = FORMATS if direction == "request" else STORED_FORMATS
    return Draft202012Validator(
        convert(bundle, schema, direction=direction), validate_formats=True, formats=dict(formats), offline=True
    )


def convert(bundle: Mapping[str, Any], schema: Any, *, direction: Direction) -> dict[str, Any]:
    """Return a schema as self-contained JSON Schema 2020-12; the schemas it refers to stand in `$defs`.

    In requests `readOnly` properties, in responses `writeOnly` ones, are neither required nor accepted. `nullable`
    allows null whatever stands beside it. Annotations are left out. Of a list in a request that is too long, nothing
    else is looked at.
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
        found: dict[str, Any] = {key: source[key] for key in _COPIED if key in source}
        for limit, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
            if source.get(exclusive) is True and limit in found:
                found[exclusive] = found.pop(limit)
        if source.get("type", "string") == "string" and "format" in source:
            found["format"] = source["format"]
        elif source.get("type") == "integer" and source.get("format") in _BOUNDS:
            lowest, highest = _BOUNDS[source["format"]]
            found.setdefault("allOf", []).append({"minimum": lowest, "maximum": highest})
        if required := [name for name in source.get("required", []) if name not in hidden]:
            found["required"] = required
        self._applied(source, found, hidden)
        if self._hidden == _HIDDEN_IN["request"] and "maxItems" in found:
            found = _counted_first(found)
        return _nullable(found) if source.get("nullable") is True else found

    def _applied(self, source: Mapping[str, Any], found: dict[str, Any], hidden: frozenset[str]) -> None:
        if "properties" in source:
            found["properties"] = {
                name: False if self._is_hidden(child) else self.schema(child, frozenset())
                for name, child in source["properties"].items()
            }
        for key in ("items", "not", "additionalProperties"):
            if key in source:
                child = source[key]
                found[key] = self.schema(child, frozenset()) if isinstance(child, dict) else child
        for key in _COMPOSED:
            if key in source:
                branches = [self.schema(branch, hidden) for branch in source[key]]
                found[key] = found.get(key, []) + branches

    def _definition(self, reference: str) -> str:
        name = reference.removeprefix("#/components/schemas/")
        if name not in self.definitions:
            self.definitions[name] = {}
            self.definitions[name].update(self.schema(resolve(self._bundle, {"$ref": reference}), frozenset()))
        return "#/$defs/" + name.replace("~", "~0").replace("/", "~1")

    def _is_hidden(self, child: Any) -> bool:
        return bool(resolve(self._bundle, child).get(self._hidden))

    def _hidden_names(self, source: Any, above: tuple[int, ...]) -> frozenset[str]:
        """Return the names hidden in this direction, by the schema itself or what it is composed of."""
        source = resolve(self._bundle, source)
        if id(source) in above:
            return frozenset()
        names = {name for name, child in source.get("properties", {}).items() if self._is_hidden(child)}
        for key in _COMPOSED:
            for branch in source.get(key, []):
                names |= self._hidden_names(branch, (*above, id(source)))
        return frozenset(names)


def _counted_first(found: dict[str, Any]) -> dict[str, Any]:
    """Have a list counted first, and its items looked at only if they are not too many.

    All violations of a value are found before the first fifty are taken, and comparing items to each other may take
    time that grows with the square of their number.
    """
    of_items = {key: found.pop(key) for key in _OF_ITEMS if key in found}
    return {**found, "if": {"maxItems": found["maxItems"]}, "then": of_items} if of_items else found


def _nullable(found: dict[str, Any]) -> dict[str, Any]:
    if isinstance(found.get("type"), str) and not any(key in found for key in (*_COMPOSED, "not")):
        widened = {**found, "type": [found["type"], "null"]}
        if "enum" in found:
            widened["enum"] = [*found["enum"], *([] if None in found["enum"] else [None])]
        return widened
    return {"anyOf": [found, {"type": "null"}]}
