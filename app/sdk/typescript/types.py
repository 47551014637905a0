"""From schemas to types of TypeScript, with what the document says about each as its comment."""

import json
import re
import textwrap
from collections.abc import Collection, Iterator
from typing import Any

from app.sdk.document import GenerationError, resolve

_WIDTH = 110
_PRIMITIVES = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean"}
_NAME = re.compile(r"^[A-Za-z_$][\w$]*$")

Json = dict[str, Any]


def write_types(document: Json, received: Collection[str]) -> str:
    """Return the declarations of the objects and enums of a document.

    Other named schemas are written where they are used, so that completion shows `string | null`.

    Args:
        document: see `client_document`.
        received: the names of what responses have. Such an enum takes any text, because a newer server may have more.

    Raises:
        GenerationError: a schema has no type.
    """
    return "\n".join(_declarations(document, received))


def _declarations(document: Json, received: Collection[str]) -> Iterator[str]:
    for name, schema in sorted(document["components"]["schemas"].items()):
        if "enum" in schema:
            values = " | ".join(json.dumps(value) for value in schema["enum"])
            rest = " | (string & {})" if name in received and schema["type"] == "string" else ""
            null = " | null" if schema.get("nullable") else ""
            yield f"{comment(schema.get('description', name))}export type {name} = {values}{rest}{null};\n"
        elif "properties" in schema:
            yield f"{comment(schema.get('description', name))}export interface {name} {_members(document, schema)}\n"
        elif schema.get("type") == "object":
            kind = type_of(document, schema, name)
            yield f"{comment(schema.get('description', name))}export type {name} = {kind};\n"


def type_of(document: Json, schema: Json, name: str = "a schema") -> str:
    """Return the type of a schema.

    Args:
        name: of what has it, for messages.

    Raises:
        GenerationError: it has none.
    """
    if "$ref" in schema:
        target = resolve(document, schema)
        if "enum" in target or target.get("type") == "object":
            return str(schema["$ref"].rpartition("/")[2])
        return type_of(document, target, name)
    if "oneOf" in schema:
        return " | ".join(dict.fromkeys(type_of(document, part, name) for part in schema["oneOf"]))
    kind = _type_without_null(document, schema, name)
    return f"{kind} | null" if schema.get("nullable") and kind != "unknown" else kind


def _type_without_null(document: Json, schema: Json, name: str) -> str:
    kind = schema.get("type")
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if kind == "null":
        return "null"
    if kind in _PRIMITIVES:
        return _PRIMITIVES[kind]
    if kind == "array":
        item = type_of(document, schema["items"], name)
        return f"({item})[]" if " " in item else f"{item}[]"
    if kind == "object":
        if "properties" in schema:
            return _members(document, schema)
        values = schema.get("additionalProperties", True)
        return f"Record<string, {type_of(document, values, name) if isinstance(values, dict) else 'unknown'}>"
    if kind is None and not {"allOf", "anyOf", "not"} & set(schema):
        return "unknown"
    raise GenerationError(f"{name} has a schema without a type of TypeScript: {json.dumps(schema)[:100]}")


def _members(document: Json, schema: Json) -> str:
    required = schema.get("required", ())
    lines = [member(document, name, part, optional=name not in required) for name, part in schema["properties"].items()]
    if isinstance(schema.get("additionalProperties"), dict):
        raise GenerationError(f"An object has both properties and others of a schema: {json.dumps(schema)[:100]}")
    return "\n".join(["{", *lines, "}"])


def member(document: Json, name: str, schema: Json, *, optional: bool, rest: str = "", about: str = "") -> str:
    """Return a property of an interface.

    Args:
        rest: more types, after the own one.
        about: takes the place of the description of the schema.
    """
    shown = resolve(document, schema)
    if "oneOf" in shown and not about:
        about = next((resolve(document, part).get("description", "") for part in shown["oneOf"]), "")
    text = about or schema.get("description") or shown.get("description", "")
    example = schema.get("example", shown.get("example"))
    if isinstance(example, str | int | float) and not isinstance(example, bool) and "enum" not in shown:
        text = f"{text} Example: `{example}`."
    key = name if _NAME.match(name) else json.dumps(name)
    tags = [("deprecated", "")] if schema.get("deprecated") or shown.get("deprecated") else []
    declared = f"  {key}{'?' if optional else ''}: {type_of(document, schema, name)}{rest};"
    return textwrap.indent(comment(text, *tags), "  ") + declared


def comment(text: str, *tags: tuple[str, str]) -> str:
    """Return a comment for the documentation, with its end of line; empty for an empty text.

    Args:
        text: paragraphs, with an empty line between them.
        tags: such as ("param userId", "Id of the account.").
    """
    parts = [" ".join(part.split()) for part in text.split("\n\n")]
    lines = [line for part in parts for line in ["", *_wrapped(part)]][1:]
    if tags:
        lines.append("")
    for tag, about in tags:
        lines += _wrapped(f"@{tag} {' '.join(about.split())}".strip())
    safe = [line.replace("*/", "*\\/") for line in lines]
    if not any(safe):
        return ""
    if len(safe) == 1:
        return f"/** {safe[0]} */\n"
    return "\n".join(["/**", *(f" * {line}".rstrip() for line in safe), " */", ""])


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)
