"""Which properties of a request body need a permission of their own (x-write-permission).

A marked property that no check would reach is a fault, not a gap: inside a list, a free-form map or a schema that
contains itself its path cannot be told in advance, and on a public operation nobody holds a permission.
"""

from collections.abc import Iterator
from typing import Any

from app.spec.document import Document, Fault, nodes, resolve
from app.spec.operation import Operation
from app.spec.policy import PropertyPath

KEY = "x-write-permission"
Guarded = tuple[tuple[PropertyPath, str], ...]


class PropertyPermissions:
    """Finds the marked properties of operations, and remembers which were found.

    Args:
        document: the document they are in.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self._reached: set[int] = set()
        self.faults: list[Fault] = []

    def of(self, operation: Operation) -> Guarded:
        """Return (path of the property, permission) for each marked property of an operation's body."""
        body = resolve(self._document.bundle, operation.body.get("requestBody", {}))
        found: dict[tuple[PropertyPath, str], None] = {}
        for media_type in body.get("content", {}).values():
            self._circles: list[PropertyPath] = []
            guarded = dict.fromkeys(self._walk(media_type.get("schema", {}), (), ()))
            for path, _ in guarded:
                if any(path[: len(circle)] == circle for circle in self._circles):
                    self._fault(
                        operation, path, "is in a schema that contains itself", "Mark it in a schema that does not."
                    )
            found.update(guarded)
        if found and "x-public" in operation.body:
            for path, _ in found:
                self._fault(
                    operation, path, "needs a permission, and the operation is public", "Remove one of the two."
                )
        return tuple(found)

    def unreached(self) -> Iterator[Fault]:
        """Yield a fault for each marked property that belongs to no operation's body."""
        for node in nodes(self._document.bundle):
            if node.kind == "properties" and KEY in node.mapping and id(node.mapping) not in self._reached:
                yield Fault(
                    self._document.where((*node.pointer, KEY)),
                    f"{KEY} of {node.pointer[-1]} would be checked by no operation.",
                    "Put it on a property of a request body that is not inside a list or a map.",
                )

    def _walk(
        self, schema: Any, path: PropertyPath, above: tuple[tuple[int, PropertyPath], ...]
    ) -> Iterator[tuple[PropertyPath, str]]:
        schema = resolve(self._document.bundle, schema)
        if not isinstance(schema, dict):
            return
        for seen, start in above:
            if seen == id(schema):
                self._circles.append(start)
                return
        above = (*above, (id(schema), path))
        for name, child in schema.get("properties", {}).items():
            marked = resolve(self._document.bundle, child)
            for holder in (child, marked):
                if isinstance(holder, dict) and KEY in holder:
                    self._reached.add(id(holder))
                    yield (*path, name), str(holder[KEY])
            yield from self._walk(child, (*path, name), above)
        for keyword in ("allOf", "anyOf", "oneOf"):
            for branch in schema.get(keyword, []):
                yield from self._walk(branch, path, above)

    def _fault(self, operation: Operation, path: PropertyPath, message: str, fix: str) -> None:
        place = operation.where("requestBody")
        self.faults.append(Fault(place, f"{KEY} of {'.'.join(path)} {message}.", fix))
