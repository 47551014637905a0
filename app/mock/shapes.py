"""What an operation does to a resource, told from its path, its method and its responses."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.spec.operation import Operation
from app.spec.policy import Policy
from app.spec.validation.parameters import IGNORED_HEADERS, argument_name

Role = Literal["list", "create", "get", "update", "delete", "example"]


@dataclass(frozen=True, slots=True)
class Shape:
    """An operation, as the mock sees it.

    Attributes:
        role: what it does to a collection or an item; `example` for everything else.
        collection: the path template of the collection.
        parameter: the argument that names the item; None on a collection.
        id_property: the property that is its value.
        arguments: of the handler; those in headers, which the steps read, are among them.
        path_arguments: those in the path.
        by_cursor: whether a page can be asked for by cursor.
        numbered: whether ids are integers.
        has_tag, has_location: whether the success documents ETag, Location.
        data_schema: of the data of the success; empty where it has none.
    """

    role: Role
    collection: str
    parameter: str | None
    id_property: str
    arguments: tuple[str, ...]
    path_arguments: frozenset[str]
    has_body: bool
    cached: bool
    enveloped: bool
    paginated: Literal["offset", "cursor"] | None
    by_cursor: bool
    numbered: bool
    has_tag: bool
    has_location: bool
    data_schema: Mapping[str, Any]

    def collection_path(self, arguments: Mapping[str, Any]) -> str:
        """Return the path of the collection that a request is about."""
        return re.sub(r"\{([^{}]*)\}", lambda name: str(arguments[name[1]]), self.collection)


def shape_of(operation: Operation, policy: Policy, methods: Mapping[str, frozenset[str]]) -> Shape:
    """Return the shape of an operation.

    Args:
        methods: of every path of the document, by path.
    """
    path, on_item = operation.path, operation.path.endswith("}")
    collection = path.rpartition("/")[0] if on_item else path
    item_path = path if on_item else next((other for other in methods if _is_item_of(other, path)), None)
    status, success = _success(operation)
    headers = {name.lower() for name in success.get("headers", {})}
    schema = _data_schema(operation, policy, success)
    properties = operation.resolved(schema.get("items", schema)).get("properties", {})
    id_property = _id_property(item_path.rpartition("{")[2][:-1] if item_path else "id", properties)
    role = _role(operation, status, schema, on_item=on_item)
    if item_path is None or methods.get(collection, frozenset()).isdisjoint(("get", "post")):
        role = "example"
    return Shape(
        role=role,
        collection=re.sub(r"\{([^{}]*)\}", lambda name: f"{{{argument_name(name[1])}}}", collection),
        parameter=argument_name(operation.path_parameters[-1]) if on_item else None,
        id_property=id_property,
        arguments=tuple(
            argument_name(parameter["name"])
            for parameter in operation.parameters
            if parameter["in"] != "header" or parameter["name"].lower() not in IGNORED_HEADERS
        ),
        path_arguments=frozenset(map(argument_name, operation.path_parameters)),
        has_body="requestBody" in operation.body,
        cached=policy.cache is not None,
        enveloped=policy.path.startswith("/v1/"),
        paginated=policy.paginated,
        by_cursor=policy.by_cursor,
        numbered=operation.resolved(properties.get(id_property, {})).get("type") == "integer",
        has_tag="etag" in headers,
        has_location="location" in headers,
        data_schema=schema,
    )


def _is_item_of(path: str, collection: str) -> bool:
    return path.startswith(f"{collection}/{{") and path.endswith("}") and path.count("/") == collection.count("/") + 1


def _success(operation: Operation) -> tuple[int, Mapping[str, Any]]:
    for status, response in operation.body["responses"].items():
        if str(status).startswith("2"):
            return int(status), operation.resolved(response)
    return 0, {}


def _data_schema(operation: Operation, policy: Policy, success: Mapping[str, Any]) -> Mapping[str, Any]:
    content = success.get("content", {}).get("application/json", {})
    schema = operation.resolved(content.get("schema", {}))
    if policy.path.startswith("/v1/"):
        schema = operation.resolved(schema.get("properties", {}).get("data", {}))
    return dict(schema)


def _id_property(parameter: str, properties: Collection[str]) -> str:
    """Return the property that a path parameter such as `book_id` names."""
    candidates = (parameter, parameter.rpartition("_")[2], "id", "key", "name")
    return next((name for name in candidates if name in properties), "id")


def _role(operation: Operation, status: int, schema: Mapping[str, Any], *, on_item: bool) -> Role:
    method = operation.method
    if not on_item:
        if method == "get" and schema.get("type") == "array":
            return "list"
        return "create" if method == "post" and status == 201 else "example"
    if method in ("put", "patch"):
        return "update" if status == 200 else "example"
    if method == "delete":
        return "delete" if status == 204 else "example"
    return "get" if method == "get" else "example"
