"""The document as a generator of clients takes it.

The envelope, the headers and the errors are the business of the hand-written layer, so they are taken out here. What
remains are the arguments of each operation and its result.
"""

import copy
from collections.abc import Callable, Iterator
from typing import Any

METHODS = ("get", "put", "post", "delete", "patch")
ENVELOPE = {"data", "meta", "errors"}
_SCHEMAS = "#/components/schemas/"
# Keys whose content is no schema.
_VALUES = ("example", "examples", "default", "enum")

Json = dict[str, Any]


class GenerationError(Exception):
    """A package cannot be generated; the message names the operation or the schema."""


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Yield the path, the method and the content of each operation."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def resolve(document: Json, node: Json) -> Json:
    """Follow the reference of a node, if it is one."""
    while "$ref" in node:
        target: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def is_envelope(document: Json, schema: Json) -> bool:
    """Return whether a schema is that of an envelope."""
    return set(resolve(document, schema).get("properties", {})) >= ENVELOPE


def has_envelope(document: Json, operation: Json) -> bool:
    """Return whether the result of an operation is the `data` of its response; it is if it has none."""
    schema = _json_schema(document, _success(document, operation))
    return schema is None or is_envelope(document, schema)


def statuses_with_result(document: Json, operation: Json) -> list[int]:
    """Return the statuses of failure whose body is that of success, as a health check has them."""
    wanted = _json_schema(document, _success(document, operation))
    return [
        int(status)
        for status, response in operation["responses"].items()
        if status[0] in "45" and wanted is not None and _json_schema(document, response) == wanted
    ]


def _success(document: Json, operation: Json) -> Json:
    return next(resolve(document, response) for status, response in operation["responses"].items() if status[0] == "2")


def _json_schema(document: Json, response: Json) -> Json | None:
    content = resolve(document, response).get("content", {})
    schema: Json | None = content.get("application/json", {}).get("schema")
    return schema


def client_document(bundle: Json) -> Json:
    """Return a copy of the bundle that has results in the place of responses.

    - An operation has one response, and its schema is that of `data`. Parameters in headers are gone.
    - Schemas of results take unknown properties, so that a newer server breaks no older client.
    - A named object is never null itself; what refers to it says that it can be null.
    - Schemas that nothing refers to any more are gone.
    """
    document = copy.deepcopy(bundle)
    sent: set[str] = set()
    received: set[str] = set()
    for _, _, operation in operations(document):
        _keep_arguments(document, operation)
        _keep_result(document, operation)
        sent |= named_schemas(document, [operation.get("parameters"), operation.get("requestBody")])
        received |= named_schemas(document, operation["responses"])
    _move_null_to_references(document)
    schemas = document["components"]["schemas"]
    for name in received - sent:
        _walk(schemas[name], lambda node: node.pop("additionalProperties", None) if _is_closed(node) else None)
    document["components"] = {"schemas": {name: schemas[name] for name in schemas if name in sent | received}}
    return document


def _keep_arguments(document: Json, operation: Json) -> None:
    parameters = [resolve(document, parameter) for parameter in operation.get("parameters", [])]
    operation["parameters"] = [parameter for parameter in parameters if parameter["in"] in ("path", "query")]
    if "requestBody" in operation:
        body = resolve(document, operation["requestBody"])
        if "application/json" not in body["content"]:
            raise GenerationError(f"{operation['operationId']} takes no application/json: a client sends nothing else.")
        operation["requestBody"] = {**body, "content": {"application/json": body["content"]["application/json"]}}


def _keep_result(document: Json, operation: Json) -> None:
    name = operation["operationId"]
    kept = {
        status: _result(document, name, response)
        for status, response in operation["responses"].items()
        if status.startswith("2")
    }
    if not kept:
        raise GenerationError(f"{name} has no response for success.")
    first, *others = kept
    for status in others:
        if kept[status].get("content") != kept[first].get("content"):
            raise GenerationError(f"{name} has another result at {status} than at {first}: a method has one.")
    operation["responses"] = {first: kept[first]}


def _result(document: Json, name: str, reference: Json) -> Json:
    response = resolve(document, reference)
    if "content" not in response:
        return {"description": response["description"]}
    if list(response["content"]) != ["application/json"]:
        raise GenerationError(f"{name} returns {', '.join(response['content'])}: a client reads only JSON.")
    schema = response["content"]["application/json"]["schema"]
    if is_envelope(document, schema):
        schema = resolve(document, schema)["properties"]["data"]
    return {"description": response["description"], "content": {"application/json": {"schema": schema}}}


def named_schemas(document: Json, node: Any) -> set[str]:
    """Return the names of the schemas that a node refers to, directly or not."""
    found: set[str] = set()
    waiting = [node]
    while waiting:
        for reference in _references(waiting.pop()):
            name = reference.removeprefix(_SCHEMAS)
            if name != reference and name not in found:
                found.add(name)
                waiting.append(document["components"]["schemas"][name])
    return found


def _references(node: Any) -> list[str]:
    found: list[str] = []
    _walk(node, lambda part: found.append(part["$ref"]) if "$ref" in part else None)
    return found


def _walk(node: Any, act: Callable[[Json], object]) -> None:
    if isinstance(node, dict):
        act(node)
        for key, value in node.items():
            if key not in _VALUES:
                _walk(value, act)
    elif isinstance(node, list):
        for item in node:
            _walk(item, act)


def _is_closed(node: Json) -> bool:
    return node.get("additionalProperties") is False


def _move_null_to_references(document: Json) -> None:
    schemas = document["components"]["schemas"]
    nullable = {name for name, schema in schemas.items() if schema.get("nullable") and schema.get("type") == "object"}

    def moved(node: Any) -> Any:
        if isinstance(node, list):
            return [moved(item) for item in node]
        if not isinstance(node, dict):
            return node
        if str(node.get("$ref")).removeprefix(_SCHEMAS) in nullable:
            return {"oneOf": [node, {"type": "null"}]}
        return {key: value if key in _VALUES else moved(value) for key, value in node.items()}

    document["paths"] = moved(document["paths"])
    document["components"]["schemas"] = {name: moved(schema) for name, schema in schemas.items()}
    for name in nullable:
        document["components"]["schemas"][name].pop("nullable")
