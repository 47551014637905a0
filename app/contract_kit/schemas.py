"""Schemas of OpenAPI 3.0 as JSON Schema, and whether a value matches one."""

from collections.abc import Mapping
from typing import Any

from jsonschema_rs import Draft202012Validator

from app.contract_kit.document import Document

# Formats of Charter that a name has, too.
_LINES = (None, "single-line", "multi-line")
# Keys whose content is data, not a schema.
_DATA = ("example", "examples", "default", "enum", "required")
_NO_JSON_FORMAT = ("password", "int32", "int64", "binary", "byte")
_DROPPED = {"example", "examples", "discriminator", "xml", "externalDocs", "deprecated", "description", "title"}


class Schemas:
    """The schemas of a document, compiled when they are first used.

    Args:
        document: the document.
        response: whether they are those of responses: `writeOnly` properties must be absent there, else `readOnly`.
    """

    def __init__(self, document: Document, *, response: bool) -> None:
        self._hidden = "writeOnly" if response else "readOnly"
        self._document = document
        named = document.source.get("components", {}).get("schemas", {})
        self._definitions = {name: self._convert(schema) for name, schema in named.items()}
        self._compiled: dict[int, tuple[Any, Draft202012Validator]] = {}

    def faults(self, schema: Any, value: Any) -> list[str]:
        """Return what is wrong with a value, one text for each fault."""
        return [f"{'.'.join(map(str, error.instance_path)) or 'it'}: {_short(error.message)}" for error in
                self._validator(schema).iter_errors(value)]  # fmt: skip

    def matches(self, schema: Any, value: Any) -> bool:
        """Return whether a value matches a schema."""
        return self._validator(schema).is_valid(value)

    def _validator(self, schema: Any) -> Draft202012Validator:
        found = self._compiled.get(id(schema))
        if found is None:
            whole = {**self._convert(schema), "components": {"schemas": self._definitions}}
            # The schema is kept, so that no other object gets its id.
            found = (schema, Draft202012Validator(whole, validate_formats=True, offline=True))
            self._compiled[id(schema)] = found
        return found[1]

    def _convert(self, source: Any) -> Any:
        if isinstance(source, list):
            return [self._convert(item) for item in source]
        if not isinstance(source, Mapping) or "$ref" in source:
            return {"$ref": source["$ref"]} if isinstance(source, Mapping) else source
        made = {key: self._keyword(key, value) for key, value in source.items() if not _is_dropped(key)}
        if required := [name for name in made.pop("required", []) if made.get("properties", {}).get(name) is not False]:
            made["required"] = required
        for limit, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
            if made.pop(exclusive, False) is True:
                made[exclusive] = made.pop(limit)
        if made.get("format") in _NO_JSON_FORMAT:
            del made["format"]
        return {"anyOf": [{"type": "null"}, made]} if source.get("nullable") is True else made

    def _keyword(self, key: str, value: Any) -> Any:
        if key == "properties":
            return {name: self._property(child) for name, child in value.items()}
        return value if key in _DATA else self._convert(value)

    def _property(self, child: Any) -> Any:
        return False if self._document.resolve(child).get(self._hidden) is True else self._convert(child)


def _is_dropped(key: str) -> bool:
    return key in _DROPPED or key == "nullable" or key.startswith("x-")


def _short(message: str) -> str:
    return message if len(message) <= 200 else f"{message[:197]}..."


def is_free(schema: Any) -> bool:
    """Return whether a schema allows other texts, as far as can be seen."""
    return "enum" not in schema and "format" not in schema and schema.get("x-format") in _LINES
