"""The error codes: read from errors.yaml, and written where the document lists them.

`{error_codes}` stands for the table of all codes in `info.description`, and for the codes in the enum of `ProblemCode`.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from app import errors
from app.declared_errors import Declaration
from app.spec.document.places import Fault, Place
from app.spec.document.sources import read_file
from app.spec.document.yaml_text import YamlText

PLACEHOLDER = "{error_codes}"
_CODE = re.compile("[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
_KEYS = ("status", "message", "description")
_MAX_MESSAGE = 500
_HEADING = "## Error codes"
# What these statuses need besides a code, such as a header, only Charter's own errors have.
_CHARTERS_OWN = frozenset({401, 405, 412, 413, 414, 415, 428, 429, 431})


def read_error_codes(files: Iterable[tuple[Path, str]]) -> tuple[dict[str, Declaration], list[Fault]]:
    """Return the codes of the files that exist, in their order, and what is wrong with them.

    Args:
        files: the path and the name of each; it is a mapping from code to `status`, `message` and `description`.
    """
    found: dict[str, Declaration] = {}
    places: dict[str, Place] = {}
    faults: list[Fault] = []
    for path, name in files:
        if not path.is_file():
            continue
        text = read_file(path, name)
        for code, declaration, place in _entries(text):
            if code in found:
                text.faults.append(Fault(place, f"{places[code]} declares {code}, too.", "Choose another code."))
            else:
                found[code], places[code] = declaration, place
        faults += text.faults
    return found, faults


def write_error_codes(bundle: dict[str, Any], codes: Mapping[str, Declaration]) -> None:
    """Write the codes into the description of the document, and into the schema that lists them."""
    if not codes:
        return
    info, rows = bundle.get("info"), _table(codes)
    if isinstance(info, dict):
        text = str(info.get("description", ""))
        if PLACEHOLDER not in text:
            text = f"{text.rstrip()}\n\n{_HEADING}\n\n{PLACEHOLDER}\n".lstrip()
        info["description"] = text.replace(PLACEHOLDER, rows)
    schema = bundle.get("components", {}).get("schemas", {}).get("ProblemCode")
    if isinstance(schema, dict) and schema.get("enum") == [PLACEHOLDER]:
        # The list stays the same object: its lines are known by it.
        schema["enum"][:] = codes


def forget_error_codes(bundle: dict[str, Any]) -> None:
    """Let the schema of the codes allow every code: which ones there are is not known while errors.yaml is wrong."""
    schema = bundle.get("components", {}).get("schemas", {}).get("ProblemCode")
    if isinstance(schema, dict):
        schema.pop("enum", None)


def _table(codes: Mapping[str, Declaration]) -> str:
    ordered = sorted(codes.items(), key=lambda item: item[1].status)
    rows = [f"| {one.status} | `{code}` | {_clause(one.description)} |" for code, one in ordered]
    return "\n".join(["| status | code | what happened |", "|---|---|---|", *rows])


def _clause(sentence: str) -> str:
    text = sentence.removesuffix(".")
    return text if text[1:2].isupper() else text[0].lower() + text[1:]


def _entries(text: YamlText) -> Iterable[tuple[str, Declaration, Place]]:
    if not isinstance(text.value, dict):
        if not text.faults:
            text.fault(1, "This file is not a mapping.", "Write codes with their status, message and description.")
        return
    lines = text.lines[id(text.value)].children
    for code, entry in text.value.items():
        if _is_valid(text, code, entry, lines[code]):
            yield code, Declaration(*(entry[key] for key in _KEYS)), Place(text.file, lines[code])


def _is_valid(text: YamlText, code: str, entry: Any, line: int) -> bool:
    before = len(text.faults)
    if not _CODE.fullmatch(code):
        text.fault(line, f"{code} is not a valid error code.", "Write words in capitals with _ between them.")
    if not isinstance(entry, dict) or set(entry) != {*_KEYS}:
        text.fault(line, f"{code} must have a status, a message and a description, and no other key.", "Correct them.")
        return False
    status, where = entry["status"], text.line_of(entry, "status", line)
    if not isinstance(status, int) or isinstance(status, bool) or not 400 <= status <= 599:
        text.fault(where, f"The status of {code} must be a number from 400 to 599.", "Correct it.")
    elif code not in _codes_of_classes() and (status >= 500 or status in _CHARTERS_OWN):
        fix = "Choose another one, such as 400, 403, 404, 409 or 422."
        text.fault(where, f"The status of {code} is {status}, which only Charter's own errors have.", fix)
    for key in ("message", "description"):
        where, value = text.line_of(entry, key, line), entry[key]
        if not isinstance(value, str) or not re.fullmatch(r"[^\n|]+[.!?]", value) or len(value) > _MAX_MESSAGE:
            fix = f"Write one line without |, with a full stop, of at most {_MAX_MESSAGE} characters."
            text.fault(where, f"The {key} of {code} is not a sentence.", fix)
    return len(text.faults) == before


def _codes_of_classes() -> set[str]:
    return {item.code for item in vars(errors).values() if isinstance(item, type) and issubclass(item, errors.AppError)}
