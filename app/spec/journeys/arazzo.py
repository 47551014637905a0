"""The workflows of a document in Arazzo 1.0.1 (https://spec.openapis.org/arazzo/v1.0.1.html).

A description in journeys.yaml says only which operations follow each other, what is special in a request, and what is
special in its response. Everything else comes from the document. So a description that no longer fits it has faults.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema_rs import Draft202012Validator

from app.spec.catalogue import read_catalogue
from app.spec.document import Document, DocumentError, Fault
from app.spec.document.yaml_text import YamlText
from app.spec.journeys.expected import WrongStep
from app.spec.journeys.steps import INPUTS, StepMaker
from app.spec.validation.violations import as_sentence, list_violations

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TEXT = {"type": "string", "minLength": 1}
_STEP = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "do": _TEXT,
        "follow": {"type": "string", "pattern": r"^\w+\.\w+$"},
        "as": _TEXT,
        "with": {"type": "object"},
        "example": _TEXT,
        "send": {"type": "object"},
        "expect": {"type": ["integer", "string"]},
        "see": {"type": "object"},
    },
}
_FORM = {
    "type": "object",
    "additionalProperties": False,
    "required": ["summary", "steps"],
    "properties": {"summary": _TEXT, "steps": {"type": "object", "minProperties": 1, "additionalProperties": _STEP}},
}
_FIX = "docs/journeys.md explains the keys."


def read_workflows(path: Path, document: Document, *, only_fitting: bool = False) -> dict[str, dict[str, Any]]:
    """Return an Arazzo document for each journey of a file, by its name. The bundle lies beside it as openapi.json.

    Each has a document of its own, because some tools take steps of the same name in two workflows for one.

    Args:
        path: maps the names of journeys to `summary` and `steps`.
        document: what the steps are about.
        only_fitting: leave out a journey that does not fit the document.

    Raises:
        DocumentError: with every fault, each with its file and line.
    """
    workflows: dict[str, dict[str, Any]] = {}

    def is_valid(text: YamlText, name: str, entry: Any, line: int) -> bool:
        before = len(text.faults)
        if _has_form(text, name, entry, line):
            workflows[name] = _arazzo(text, name, entry, document)
        fits = len(text.faults) == before
        if only_fitting and not fits:
            workflows.pop(name, None)
            del text.faults[before:]
        return fits

    read_catalogue(path, is_valid)
    return workflows


def journey_faults(path: Path, document: Document) -> list[Fault]:
    """Return what is wrong with the journeys of a document; nothing if it has none."""
    try:
        if path.is_file():
            read_workflows(path, document)
    except DocumentError as error:
        return error.faults
    return []


@cache
def _form() -> Draft202012Validator:
    return Draft202012Validator(_FORM)


def _has_form(text: YamlText, name: str, entry: Any, line: int) -> bool:
    before = len(text.faults)
    for step in (name, *(entry.get("steps") or () if isinstance(entry, dict) else ())):
        if not _NAME.fullmatch(str(step)):
            text.fault(line, f"{step} is not a valid name of a journey or step.", "Write words like update_user.")
    for violation in list_violations(_form(), entry):
        subject = f"{violation.field} of {name}" if violation.field else name
        text.fault(text.line_of(entry, violation.field, line), as_sentence(subject, violation.message), _FIX)
    return len(text.faults) == before


def _arazzo(text: YamlText, name: str, entry: dict[str, Any], document: Document) -> dict[str, Any]:
    maker, steps = StepMaker(document), []
    lines = text.lines[id(entry["steps"])].children
    for step, written in entry["steps"].items():
        try:
            steps.append(maker.make(step, written))
        except WrongStep as wrong:
            line = text.line_of(written, wrong.key, lines[step])
            text.fault(line, f"The step {step} of {name}: {wrong.message}", wrong.fix)
            break  # the steps after it may need this one
    inputs = {key: {"type": "string", "description": about} for key, about in INPUTS.items()}
    workflow = {
        "workflowId": name,
        "summary": entry["summary"],
        "inputs": {"type": "object", "required": list(inputs), "properties": inputs},
        "steps": steps,
    }
    info = document.bundle["info"]
    return {
        "arazzo": "1.0.1",
        "info": {"title": f"{info['title']}: {name}", "version": info["version"]},
        "sourceDescriptions": [{"name": "api", "url": "openapi.json", "type": "openapi"}],
        "workflows": [workflow],
    }
