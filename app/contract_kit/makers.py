"""Which operation makes, and which lists, what a path names: as links, `Location` and paths of the document say it.

An item is a path up to a parameter, such as `/v1/projects/{project_id}`. What it names may be made at
`/v1/users/{user_id}/projects`, or anywhere else: the links of a response say so.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from app.contract_kit.document import Document, Operation
from app.contract_kit.exchange import Response

_IN_DATA = re.compile(r"\$response\.body#(/data(?:/0)?/([^/]+))")
# The scaffold writes this of a field `ref:users`, and reads it; Charter's own schema `UserId` begins with it.
_ACCOUNT = "Id of the account"


def item_of(path: str, name: str) -> str:
    """Return the part of a path that ends with a parameter."""
    return f"{path.partition(f'/{{{name}}}')[0]}/{{{name}}}"


def maker(document: Document, item: str) -> Operation | None:
    """Return the operation that makes what an item names; None if there is none."""
    collection = item.rpartition("/")[0]
    return (
        document.at("POST", collection)
        or next((one for one in document if one.method == "POST" and _pointer(one, item)), None)
        or document.of_collection("POST", collection)
    )


def lister(document: Document, item: str) -> Operation | None:
    """Return the operation that lists what an item names; None if there is none."""
    collection = item.rpartition("/")[0]
    return (
        document.at("GET", collection)
        or next((one for one in document if one.method == "GET" and _pointer(one, item)), None)
        or document.of_collection("GET", collection)
    )


def made_value(operation: Operation, item: str, response: Response) -> str | None:
    """Return the value that names what a response says was made; None if it does not say it."""
    if response.status != 201:
        return None
    found: Any = response.json
    for part in _pointer(operation, item).split("/")[1:]:
        found = found.get(part) if isinstance(found, Mapping) else None
    return str(found) if isinstance(found, str | int) else None


def _pointer(operation: Operation, item: str) -> str:
    """Return where a response has the value of an item, as the links say; empty: they do not say it."""
    name, wanted = item.rpartition("{")[2].rstrip("}"), 201 if operation.method == "POST" else 200
    for target, parameters in _links(operation, wanted):
        if item_of(target.path, name) != item or name not in target.path_parameters:
            continue
        match = _IN_DATA.fullmatch(str(parameters.get(name, parameters.get(f"path.{name}", ""))))
        # What ends with _id names something else that is only mentioned there.
        if match and not match[2].endswith("_id"):
            return match[1]
    return ""


def _links(operation: Operation, status: int) -> Iterator[tuple[Operation, Mapping[str, Any]]]:
    document = operation.document
    for link in (operation.responses.get(str(status)) or {}).get("links", {}).values():
        found = document.resolve(link)
        if found.get("operationId") in document:
            yield document[found["operationId"]], found.get("parameters", {})


def names_account(document: Document, *schemas: Any) -> bool:
    """Return whether one of these schemas or parameters says that its value is the id of an account."""
    found = [node for schema in schemas for node in _parts(document, schema)]
    is_id = any(node.get("format") == "uuid" for node in found)
    return is_id and any(str(node.get("description", "")).startswith(_ACCOUNT) for node in found)


def _parts(document: Document, schema: Any) -> Iterator[Mapping[str, Any]]:
    for node in (schema, document.resolve(schema)):
        yield node
        for part in node.get("allOf", ()):
            yield document.resolve(part)
