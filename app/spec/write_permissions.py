"""Which properties of a request body need a permission of their own (x-write-permission).

A property with the key that the server could not check is a fault. The path of a property inside a list, a free-form
map or a recursive schema is not known in advance, and nobody has a permission on a public operation.
"""

from collections.abc import Iterator
from typing import Any

from app.spec.document import Document, Fault, nodes, resolve
from app.spec.operation import Operation
from app.spec.policy import PropertyPath, WritePermissions

KEY = "x-write-permission"


class WritePermissionFinder:
    """Finds the properties with the key in the bodies of operations, and remembers which it reached.

    Args:
        document: the document of the operations.

    Attributes:
        faults: what is wrong with the properties that `find` has returned.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self._reached: set[int] = set()
        self._recursive: list[PropertyPath] = []
        self.faults: list[Fault] = []

    def find(self, operation: Operation) -> WritePermissions:
        """Return (path of the property, permission) for each property with the key in an operation's body."""
        body = resolve(self._document.bundle, operation.body.get("requestBody", {}))
        permissions: dict[tuple[PropertyPath, str], None] = {}
        for media_type in body.get("content", {}).values():
            self._recursive = []
            of_media_type = dict.fromkeys(self._walk(media_type.get("schema", {}), (), ()))
            for path, _ in of_media_type:
                if any(path[: len(start)] == start for start in self._recursive):
                    fix = "Use a schema that does not contain itself."
                    self._fault(operation, path, "is in a schema that contains itself", fix)
            permissions.update(of_media_type)
        if permissions and "x-public" in operation.body:
            for path, _ in permissions:
                fix = f"Remove {KEY} or x-public."
                self._fault(operation, path, "needs a permission, but the operation is public", fix)
        return tuple(permissions)

    def unreached(self) -> Iterator[Fault]:
        """Yield a fault for each property with the key that is in no operation's body."""
        for node in nodes(self._document.bundle):
            if node.kind == "properties" and KEY in node.mapping and id(node.mapping) not in self._reached:
                yield Fault(
                    self._document.where((*node.pointer, KEY)),
                    f"No operation checks the {KEY} of {node.pointer[-1]}.",
                    "Put it on a property of a request body that is not inside a list or a map.",
                )

    def _walk(
        self, schema: Any, path: PropertyPath, ancestors: tuple[tuple[int, PropertyPath], ...]
    ) -> Iterator[tuple[PropertyPath, str]]:
        schema = resolve(self._document.bundle, schema)
        if not isinstance(schema, dict):
            return
        for ancestor, start in ancestors:
            if ancestor == id(schema):
                self._recursive.append(start)
                return
        ancestors = (*ancestors, (id(schema), path))
        for name, child in schema.get("properties", {}).items():
            for holder in (child, resolve(self._document.bundle, child)):
                if isinstance(holder, dict) and KEY in holder:
                    self._reached.add(id(holder))
                    yield (*path, name), str(holder[KEY])
            yield from self._walk(child, (*path, name), ancestors)
        for keyword in ("allOf", "anyOf", "oneOf"):
            for branch in schema.get(keyword, []):
                yield from self._walk(branch, path, ancestors)

    def _fault(self, operation: Operation, path: PropertyPath, predicate: str, fix: str) -> None:
        place = operation.where("requestBody")
        self.faults.append(Fault(place, f"{KEY} of {'.'.join(path)} {predicate}.", fix))
