"""The table of openapi/extensions.md: which parts of an operation follow from which key, found by trying each key."""

import copy
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from app.spec.document.derived import complete

_SECTION = re.compile(r"(?<=\n## What follows from which key\n).*?(?=\n## |\Z)", re.DOTALL)
_ROW = re.compile(r"^\| (?!an operation |---)(.+?) \|(.*)\|$", re.MULTILINE)
_NAME = re.compile(r"`([^`]+)`")
_STATUS = re.compile(r"\d{3}")

_ENVELOPE = {"$ref": "#/components/schemas/UserEnvelope"}
_BODY = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/LogoutRequest"}}}}
_GUARDED = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/UpdateUserRequest"}}}}
_ETAG = {"ETag": {"$ref": "#/components/headers/EntityTag"}}
_WITH_ETAG = {"200": {"description": "It.", "headers": _ETAG, "content": {}}}
_CACHED = {"policy": "profile", "tags": ["users"]}


class Example(NamedTuple):
    """An operation that shows what a row of the table says.

    Attributes:
        changes: the keys that it has beside those of `operation`; None takes one away.
        beside: the label of another row that is true of it, too.
        versioned: whether a write of the same path has x-precondition.
    """

    changes: dict[str, Any]
    method: str = "get"
    path: str = "/v1/badges"
    beside: str = ""
    versioned: bool = False


ANY = "of any kind"
EXAMPLES: Mapping[str, Example] = {
    ANY: Example({}),
    "without x-public": Example({"x-public": None}),
    "with x-permission, unless every role has the permission": Example({"x-permission": "users:read"}),
    "with x-step-up": Example({"x-step-up": "account_deletion"}, "post"),
    "with x-write-permission in its body": Example({"requestBody": _GUARDED}, "post", beside="with a body"),
    "with a parameter in its path": Example({}, path="/v1/badges/{badge_id}"),
    "with a body": Example({"requestBody": _BODY}, "post"),
    "without x-rate-limit: none": Example({"x-rate-limit": None}),
    "with x-precondition: accepted": Example({"x-precondition": "accepted"}, "put"),
    "with x-precondition: required": Example({"x-precondition": "required"}, "put"),
    "with x-idempotency": Example({"x-idempotency": "accepted"}, "post"),
    "with x-paginated: offset": Example({"x-paginated": "offset"}),
    "with x-paginated: cursor": Example({"x-paginated": "cursor"}),
    "with x-paginated: [offset, cursor]": Example({"x-paginated": ["offset", "cursor"]}),
    "with x-cache": Example({"x-cache": _CACHED}),
    "GET, with a write in the same path that has x-precondition": Example({}, versioned=True),
    "GET, with ETag among the headers of its success": Example({"responses": _WITH_ETAG}),
    "with x-sunset": Example({"x-sunset": "2027-06-30"}),
    "with a response 201": Example({"responses": {"201": {"description": "Made."}}}, "post"),
}
"""The rows, by their first cell without its backticks."""


class Following(NamedTuple):
    """What an operation gets; in the order of the cells of a row."""

    responses: frozenset[str]
    reads: frozenset[str]
    headers: frozenset[str]


def operation(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return an operation from which nothing follows but what its changes imply, and what is true of any."""
    body = {
        "operationId": "get_badge",
        "x-public": True,
        "x-rate-limit": "none",
        "responses": {"200": {"description": "It.", "content": {"application/json": {"schema": _ENVELOPE}}}},
    }
    merged = body | copy.deepcopy(dict(changes))
    return {key: value for key, value in merged.items() if value is not None}


def parts_of(label: str, components: Mapping[str, Any]) -> Following:
    """Return what a row of the table says: what its example gets, and an operation of any kind does not.

    Args:
        components: those of the document.
    """
    example = EXAMPLES[label]
    found = _added(example, components)
    for other in {ANY, example.beside} - {label, ""}:
        known = _added(EXAMPLES[other], components)
        found = Following(*(mine - theirs for mine, theirs in zip(found, known, strict=True)))
    return found


def with_derived_parts(text: str, components: Mapping[str, Any]) -> str:
    """Return the page with each cell that names other parts than those that follow written again; the rest stays.

    A new row comes at the end, and one that no example has loses its line.
    """

    def section(found: re.Match[str]) -> str:
        listed = {_label(row[1]) for row in _ROW.finditer(found[0])}
        written = _ROW.sub(lambda row: _row(row, components), found[0])
        new = [f"| {label} |{_cells(parts_of(label, components))}|\n" for label in EXAMPLES if label not in listed]
        rows = list(_ROW.finditer(written))
        end = rows[-1].end() + 1 if rows else len(written)
        return (written[:end] + "".join(new) + written[end:]).replace(_GONE, "")

    return _SECTION.sub(section, text, count=1)


_GONE = "| gone |\n"


def _row(row: re.Match[str], components: Mapping[str, Any]) -> str:
    label = _label(row[1])
    if label not in EXAMPLES:
        return _GONE.rstrip("\n")
    parts, cells = parts_of(label, components), row[2].split("|")
    stated = Following(*(frozenset((_NAME if index else _STATUS).findall(cell)) for index, cell in enumerate(cells)))
    return row[0] if stated == parts else f"| {row[1]} |{_cells(parts)}|"


def _cells(parts: Following) -> str:
    texts = [
        ", ".join(sorted(parts.responses)),
        *(", ".join(f"`{name}`" for name in sorted(each)) for each in parts[1:]),
    ]
    return "|".join(f" {text} " if text else " " for text in texts)


def _label(cell: str) -> str:
    return cell.strip().replace("`", "")


def _added(example: Example, components: Mapping[str, Any]) -> Following:
    body = operation(example.changes)
    item = {example.method: body} | ({"put": {"x-precondition": "accepted"}} if example.versioned else {})
    bundle = {"paths": {example.path: item}, "components": dict(components), "security": [{"bearer": []}]}
    responses: set[str] = set()
    reads: set[str] = set()
    headers: set[str] = set()
    for pointer in complete(bundle)[0]:
        if pointer[2] != example.method:
            continue
        if pointer[3] == "responses":
            (responses if len(pointer) == 5 else headers).add(str(pointer[-1]))
        elif pointer[3] == "parameters":
            reference = body["parameters"][int(pointer[4])]["$ref"].split("/")[-1]
            reads.add(components["parameters"][reference]["name"])
    return Following(frozenset(responses), frozenset(reads), frozenset(headers))
