"""The settings: read from openapi/settings.yaml, each with the functions that check its values.

The form of the file is in openapi/settings.schema.json, the meaning of its keys is explained at its top.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema_rs import Draft202012Validator, ValidationError

from app.context.setting_declarations import MAX_KEY_LENGTH, MAX_VALUE_BYTES, SettingDeclaration, SettingDeclarations
from app.errors import MalformedBody, Violation
from app.resources import OPENAPI
from app.services import auth, registration
from app.spec.catalogue import Catalogue, read_catalogue
from app.spec.document import Fault, Place
from app.spec.document.sources import file_name
from app.spec.document.yaml_text import YamlText
from app.spec.validation import schemas
from app.spec.validation.json_body import reject_unstorable
from app.spec.validation.violations import as_sentence, list_violations

GRAMMAR = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")
# /v1/settings/public is an operation of its own.
RESERVED = "public"

# The operations whose rules an admin can change at run time, with the settings that they read.
_READS = (
    ("register", registration.OPEN),
    ("register", registration.ALLOWED_DOMAINS),
    ("register", registration.INVITATION_CODE),
    ("login", auth.UNVERIFIED),
)
_FORM = OPENAPI / "settings.schema.json"
# PostgreSQL returns a number with all its digits, and clients cannot read an integer beyond 64 bits.
_MAX_NUMBER = float(2**63)
ListViolations = Callable[[Any], list[Violation]]


def load_declarations(files: Catalogue | Path) -> SettingDeclarations:
    """Read the settings; a document without the file has none.

    Args:
        files: mappings from keys to `description`, `visibility`, `schema` and `default`. A project may override the
            default of a setting of Charter's.

    Raises:
        DocumentError: with every fault, each with its file and line.
    """
    catalogue = files if isinstance(files, Catalogue) else Catalogue(files)
    if not catalogue.exists:
        return SettingDeclarations.of()
    entries = read_catalogue(catalogue, _is_valid, overridable=("default",))
    return SettingDeclarations.of(
        SettingDeclaration(
            key=key,
            list_violations=_violations_of(entry["schema"]),
            accepts_stored=_stored_check_of(entry["schema"]),
            **entry,
        )
        for key, (entry, _) in entries.items()
    )


def undeclared_settings(declarations: SettingDeclarations, operations: Collection[str], path: Path) -> Iterator[Fault]:
    """Yield a fault for each setting that an operation reads and that is not declared.

    Args:
        operations: the operationIds of the document.
        path: the path of settings.yaml.
    """
    for operation_id, key in _READS:
        if operation_id in operations and key not in declarations.by_key:
            problem = f"{key} is not declared, but {operation_id} reads it."
            yield Fault(Place(file_name(path, path.parent), 1), problem, "Declare it.")


def _is_valid(text: YamlText, key: str, entry: Any, line: int) -> bool:
    before = len(text.faults)
    if not GRAMMAR.fullmatch(key) or len(key) > MAX_KEY_LENGTH:
        problem = f"{key[:MAX_KEY_LENGTH]} is not a valid key of a setting."
        fix = f"Write words in lower case with dots between them, at most {MAX_KEY_LENGTH} characters."
        text.fault(line, problem, fix)
    elif key == RESERVED:
        text.fault(
            line, f"{key} is not allowed as a key: /v1/settings/{key} is another operation.", "Choose another key."
        )
    for violation in list_violations(_validator(), entry):
        subject = f"{violation.field} of {key}" if violation.field else key
        message = as_sentence(subject, violation.message)
        text.fault(text.line_of(entry, violation.field, line), message, "See openapi/settings.schema.json.")
    if len(text.faults) > before:
        return False
    try:
        violations_of_value = _violations_of(entry["schema"])
    except (ValidationError, ValueError) as error:
        where = text.line_of(entry, "schema", line)
        text.fault(where, f"The schema of {key} is not valid: {_first_line(error)}.", "Correct it.")
        return False
    for violation in violations_of_value(entry["default"]):
        where = text.line_of(entry, "default", line)
        field = (violation.field or "value").replace("value", "default", 1)
        message = as_sentence(f"{field} of {key} does not match the schema: it", violation.message)
        text.fault(where, message, "Correct the default or the schema.")
    return len(text.faults) == before


@cache
def _validator() -> Draft202012Validator:
    whole = json.loads(_FORM.read_text(encoding="utf-8"))
    return Draft202012Validator({"$ref": "#/$defs/setting", "$defs": whole["$defs"]})


def _stored_check_of(schema: Any) -> Callable[[Any], bool]:
    violations_of_value = _violations_of(schema, direction="response")
    return lambda value: not violations_of_value(value)


def _violations_of(schema: Any, *, direction: schemas.Direction = "request") -> ListViolations:
    validator = schemas.compile({}, schema, direction=direction)

    def violations_of_value(value: Any) -> list[Violation]:
        try:
            reject_unstorable(value)
        except MalformedBody:
            return [Violation("Has a NUL character or half of a surrogate pair.", "value")]
        if len(json.dumps(value, ensure_ascii=False).encode()) > MAX_VALUE_BYTES:
            return [Violation(f"Must be at most {MAX_VALUE_BYTES} bytes long.", "value")]
        if any(abs(number) >= _MAX_NUMBER for number in _numbers(value)):
            return [Violation("Has a number beyond 64 bits.", "value")]
        return list_violations(validator, value, prefix="value")

    return violations_of_value


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, list | dict):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _numbers(part)
    elif isinstance(value, int | float):
        yield value


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".")
