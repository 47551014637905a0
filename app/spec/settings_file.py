"""The settings there are: read from openapi/settings.yaml, each with what checks its values.

The form of the file stands in openapi/settings.schema.json, the meaning of its keys at its top.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema_rs import Draft202012Validator, ValidationError

from app.context.declarations import SettingDeclaration, SettingDeclarations
from app.errors import MalformedBody, Violation
from app.resources import OPENAPI
from app.services import auth, registration
from app.spec.catalogue import read_catalogue
from app.spec.document import Fault, Place
from app.spec.document.sources import file_name
from app.spec.document.yaml_text import YamlText
from app.spec.validation import schemas
from app.spec.validation.json_body import refuse_unstorable
from app.spec.validation.violations import list_violations

GRAMMAR = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")
LONGEST_KEY = 64
LONGEST_VALUE = 16_384
"""Bytes of a value as JSON: the list of all settings and the audit trail carry it."""
# /v1/settings/public is an operation of its own.
RESERVED = "public"

# The operations whose rules an admin may change at run time, and the settings they go by.
_GOES_BY = (
    ("register", registration.OPEN),
    ("register", registration.ALLOWED_DOMAINS),
    ("register", registration.INVITATION_CODE),
    ("login", auth.UNVERIFIED),
)
_FORM = OPENAPI / "settings.schema.json"
# PostgreSQL gives a number back in full digits, and nobody reads an integer beyond 64 bits.
_LARGEST_NUMBER = float(2**63)
_Faults = Callable[[Any], list[Violation]]


def load_declarations(path: Path) -> SettingDeclarations:
    """Read the settings; a document without this file has none.

    Args:
        path: a mapping from keys to `description`, `visibility`, `schema` and `default`.

    Raises:
        DocumentError: with every fault by file and line.
    """
    if not path.is_file():
        return SettingDeclarations.of()
    found = read_catalogue(path, _is_sound)
    return SettingDeclarations.of(
        SettingDeclaration(
            key=key,
            **{**entry, "faults": _faults_of(entry["schema"]), "takes_stored": _taker_of_stored(entry["schema"])},
        )
        for key, (entry, _) in found.items()
    )


def undeclared_settings(declarations: SettingDeclarations, operations: Collection[str], path: Path) -> Iterator[Fault]:
    """Yield a fault for each setting that an operation goes by and nobody declares.

    Args:
        operations: operationIds of the document.
        path: of settings.yaml.
    """
    for operation_id, key in _GOES_BY:
        if operation_id in operations and key not in declarations.by_key:
            problem = f"{key} is not declared, and {operation_id} goes by it."
            yield Fault(Place(file_name(path, path.parent), 1), problem, "Declare it.")


def _is_sound(text: YamlText, key: str, entry: Any, line: int) -> bool:
    before = len(text.faults)
    if not GRAMMAR.fullmatch(key) or len(key) > LONGEST_KEY:
        problem = f"{key[:LONGEST_KEY]} is not the key of a setting."
        fix = f"Write words of small letters with dots between them, at most {LONGEST_KEY} characters."
        text.fault(line, problem, fix)
    elif key == RESERVED:
        text.fault(line, f"{key} is the path of another operation.", "Choose another key.")
    for violation in list_violations(_form(), entry):
        told = f"{violation.field}: {violation.message}" if violation.field else violation.message
        text.fault(_line(text, entry, violation.field, line), f"{key}: {told}", "See openapi/settings.schema.json.")
    if len(text.faults) > before:
        return False
    try:
        faults = _faults_of(entry["schema"])
    except (ValidationError, ValueError) as error:
        where = _line(text, entry, "schema", line)
        text.fault(where, f"The schema of {key} cannot be used: {_first_line(error)}.", "Mend it.")
        return False
    for violation in faults(entry["default"]):
        where = _line(text, entry, "default", line)
        field = (violation.field or "value").replace("value", "default", 1)
        text.fault(where, f"{key}: {field} does not fit the schema: {violation.message}", "Mend the one or the other.")
    return len(text.faults) == before


@cache
def _form() -> Draft202012Validator:
    whole = json.loads(_FORM.read_text(encoding="utf-8"))
    return Draft202012Validator({"$ref": "#/$defs/setting", "$defs": whole["$defs"]})


def _taker_of_stored(schema: Any) -> Callable[[Any], bool]:
    faults = _faults_of(schema, direction="response")
    return lambda value: not faults(value)


def _faults_of(schema: Any, *, direction: schemas.Direction = "request") -> _Faults:
    validator = schemas.compile({}, schema, direction=direction)

    def faults(value: Any) -> list[Violation]:
        try:
            refuse_unstorable(value)
        except MalformedBody:
            return [Violation("Has a NUL character or half of a surrogate pair.", "value")]
        if len(json.dumps(value, ensure_ascii=False).encode()) > LONGEST_VALUE:
            return [Violation(f"Must be at most {LONGEST_VALUE} bytes long.", "value")]
        if any(abs(number) >= _LARGEST_NUMBER for number in _numbers(value)):
            return [Violation("Has a number beyond 64 bits.", "value")]
        return list_violations(validator, value, prefix="value")

    return faults


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, list | dict):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _numbers(part)
    elif isinstance(value, int | float):
        yield value


def _line(text: YamlText, entry: Any, field: str | None, line: int) -> int:
    """Return the line of what a path leads to, or of the last thing on the way to it."""
    node = entry
    for step in (field or "").split("."):
        lines = text.lines.get(id(node))
        name: str | int = int(step) if isinstance(node, list) and step.isdigit() else step
        if lines is None or name not in lines.children:
            break
        line, node = lines.children[name], node[name]
    return line


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".")
