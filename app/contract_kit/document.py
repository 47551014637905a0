"""The document that a deployment serves, as the kit reads it: operations, their policy, their parameters and bodies."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from app.spec.page_kinds import page_kinds

METHODS = ("get", "put", "post", "delete", "patch")
JSON = "application/json"
# Who is named by this parameter owns the resource, where a policy has it so.
_PARAMETER = re.compile(r"\{([^{}]+)\}")

Json = Mapping[str, Any]


class Document:
    """A document in one piece.

    Args:
        source: as parsed from JSON.

    Raises:
        ValueError: it has no operations.
    """

    def __init__(self, source: Json) -> None:
        self.source = source
        self.operations: dict[str, Operation] = {}
        for path, item in source.get("paths", {}).items():
            for method in METHODS:
                if method in item:
                    operation = Operation(self, path, method.upper(), item)
                    self.operations[operation.name] = operation
        if not self.operations:
            raise ValueError("the document has no operations")

    @property
    def title(self) -> str:
        """The title and version of the document."""
        info = self.source.get("info", {})
        return f"{info.get('title', 'no title')} {info.get('version', '')}".strip()

    def __iter__(self) -> Iterator["Operation"]:
        return iter(self.operations.values())

    def __getitem__(self, name: str) -> "Operation":
        return self.operations[name]

    def __contains__(self, name: str) -> bool:
        return name in self.operations

    def resolve(self, node: Any) -> Any:
        """Follow the references of a node, if it is one."""
        while isinstance(node, Mapping) and "$ref" in node:
            target: Any = self.source
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            node = target
        return node

    def at(self, method: str, path: str) -> "Operation | None":
        """Return the operation of a method and a path template."""
        found = [operation for operation in self if (operation.method, operation.path) == (method, path)]
        return found[0] if found else None

    def of_collection(self, method: str, collection: str) -> "Operation | None":
        """Return the operation that lists (GET) or makes (POST) what is in a collection: the part before a parameter.

        It has the path of the collection, or a longer one with the same last name: what `/v1/tasks/{task_id}` names may
        be made by `/v1/users/{user_id}/tasks`.
        """
        name = collection.rpartition("/")[2]
        found = [one for one in self if one.method == method and one.path.rpartition("/")[2] == name]
        return self.at(method, collection) or (found[0] if found else None)

    def items(self) -> "list[str]":
        """Return the paths that end with a parameter, the longest first."""
        found = {operation.path for operation in self if operation.path.endswith("}")}
        return sorted(found, key=lambda path: (-path.count("/"), path))

    @cached_property
    def permissions(self) -> frozenset[str]:
        """All permissions that the operations and their properties need."""
        needed = {name for operation in self for name in operation.permissions}
        return frozenset(needed | {name for operation in self for _, name in operation.guarded})


@dataclass(frozen=True, slots=True)
class Media:
    """One media type of a body."""

    kind: str
    schema: Json
    examples: tuple[Any, ...]


class Operation:
    """An operation with its policy.

    Attributes:
        name: the operationId.
        permissions: all that a caller needs.
        owner: the path parameter that names the owner, or None.
        owned: whether the owner of the resource needs no permission.
    """

    def __init__(self, document: Document, path: str, method: str, item: Json) -> None:
        body = item[method.lower()]
        self.document, self.path, self.method, self.body = document, path, method, body
        self.name: str = body["operationId"]
        permission = body.get("x-permission", [])
        self.permissions: tuple[str, ...] = (permission,) if isinstance(permission, str) else tuple(permission)
        self.public = body.get("x-public") is True
        owner = body.get("x-owner")
        self.owned = owner is not None
        self.owner: str | None = owner if isinstance(owner, str) else None
        self.bucket: str | None = None if body.get("x-rate-limit") == "none" else body.get("x-rate-limit", "default")
        self.event: str = body.get("x-audit", self.name)
        self.precondition: str | None = body.get("x-precondition")
        self.idempotency: str | None = body.get("x-idempotency")
        self.paginated: str | None = next(iter(page_kinds(body)), None)
        self.by_cursor = "cursor" in page_kinds(body)
        self.cache: Json | None = body.get("x-cache")
        self.step_up = body.get("x-step-up")
        self.safe = method == "GET"
        self.path_parameters: tuple[str, ...] = tuple(_PARAMETER.findall(path))
        listed = [*item.get("parameters", []), *body.get("parameters", [])]
        self.parameters: list[Json] = [document.resolve(parameter) for parameter in listed]

    def __repr__(self) -> str:
        return f"Operation({self.name})"

    @property
    def enveloped(self) -> bool:
        """Whether its responses have the envelope."""
        return self.path.startswith("/v1/")

    def parameter(self, name: str, place: str) -> Json | None:
        """Return a parameter by its name and `in`."""
        found = [part for part in self.parameters if part["in"] == place and part["name"].lower() == name.lower()]
        return found[0] if found else None

    @cached_property
    def media(self) -> tuple[Media, ...]:
        """The media types of the request body; none without a body."""
        request = self.document.resolve(self.body.get("requestBody", {}))
        found = []
        for kind, content in request.get("content", {}).items():
            shown = [self.document.resolve(example)["value"] for example in content.get("examples", {}).values()]
            shown += [content["example"]] if "example" in content else []
            schema = content.get("schema", {})
            if not shown and "example" in self.document.resolve(schema):
                shown = [self.document.resolve(schema)["example"]]
            found.append(Media(kind, schema, tuple(shown)))
        return tuple(found)

    @property
    def request(self) -> Media | None:
        """The JSON body of a request; None without one."""
        return next((media for media in self.media if media.kind == JSON), None)

    @cached_property
    def responses(self) -> dict[str, Json]:
        """The responses by status; `default` is among them."""
        return {status: self.document.resolve(response) for status, response in self.body["responses"].items()}

    def response(self, status: int) -> Json | None:
        """Return what the document says of a status; None if it does not have it."""
        return self.responses.get(str(status), self.responses.get("default"))

    @property
    def successes(self) -> tuple[int, ...]:
        """The statuses of success."""
        return tuple(int(status) for status in self.responses if status.startswith("2"))

    @cached_property
    def endings(self) -> tuple[tuple[int, str | None], ...]:
        """Every documented status, once for each code that its examples show."""
        found: list[tuple[int, str | None]] = []
        for status in self.responses:
            if status.isdigit():
                codes: list[str | None] = [*sorted(self.codes(int(status)))]
                found += [(int(status), code) for code in codes or [None]]
        return tuple(sorted(found, key=str))

    def codes(self, status: int) -> set[str]:
        """Return the error codes that the examples of a response show."""
        found = set()
        for media in self.responses.get(str(status), {}).get("content", {}).values():
            for example in media.get("examples", {}).values():
                value = self.document.resolve(example).get("value")
                errors = value.get("errors") if isinstance(value, Mapping) else None
                found |= {error["code"] for error in errors or ()}
        return found

    @cached_property
    def guarded(self) -> tuple[tuple[tuple[str, ...], str], ...]:
        """The properties of the body that need a permission of their own: their paths, with the permission."""
        return tuple(self._guarded(self.request.schema, ())) if self.request else ()

    def _guarded(self, schema: Any, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
        if len(above) > 5:
            return
        for name, child in self.properties(schema).items():
            # The key may stand beside a reference.
            permission = child.get("x-write-permission") or self.document.resolve(child).get("x-write-permission")
            for part in child.get("allOf", []):
                permission = permission or self.document.resolve(part).get("x-write-permission")
            if permission:
                yield (*above, name), permission
            yield from self._guarded(child, (*above, name))

    def properties(self, schema: Any) -> dict[str, Any]:
        """Return the properties of a schema, those that it is composed of included."""
        node = self.document.resolve(schema)
        found = dict(node.get("properties", {}))
        for part in node.get("allOf", []):
            found |= self.properties(part)
        return found
