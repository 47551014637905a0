"""An operation of the document: its path, method, body, security and parameters, and the place of each part."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.spec.document import METHODS, Document, Place, Pointer, parse_pointer, resolve


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One method of one path.

    Attributes:
        method: in lower case.
        body: its operation object.
        security: what applies to it, its own or the root's.
        parameters: resolved; its own in place of the path's of the same name.
    """

    document: Document
    path: str
    method: str
    body: dict[str, Any]
    security: list[Any]
    parameters: tuple[dict[str, Any], ...]

    @property
    def pointer(self) -> Pointer:
        """The pointer to it in the bundle."""
        return ("paths", self.path, self.method)

    @property
    def name(self) -> str:
        """Its name in faults, such as `GET /v1/users`."""
        return f"{self.method.upper()} {self.path}"

    @property
    def safe(self) -> bool:
        """Whether it only reads (RFC 9110, 9.2.1)."""
        return self.method == "get"

    @property
    def path_parameters(self) -> tuple[str, ...]:
        """The names in braces in its path, in order."""
        return tuple(re.findall(r"\{([^{}]*)\}", self.path))

    def parameter(self, name: str, place: str) -> dict[str, Any] | None:
        """Return the parameter with a name (in any case) in `path`, `query` or `header`; None if there is none."""
        return next((parameter for parameter in self.parameters if _is(parameter, name, place)), None)

    def resolved(self, node: Any) -> Any:
        """Return the value that a reference in it points to."""
        return resolve(self.document.bundle, node)

    def where(self, *steps: str | int) -> Place:
        """Return the line of the operation, or of a part of it."""
        return self.document.where(self.pointer + steps)

    def where_parameter(self, name: str, place: str) -> Place:
        """Return the line where a parameter is defined: in the list, or the component that the list refers to."""
        item = self.document.bundle["paths"][self.path]
        for pointer, holder in ((self.pointer, self.body), (self.pointer[:2], item)):
            for index, entry in enumerate(holder.get("parameters", ())):
                if _is(self.resolved(entry), name, place):
                    step: Pointer = (*pointer, "parameters", index)
                    return self.document.where(parse_pointer(entry["$ref"][1:]) if "$ref" in entry else step)
        return self.where("parameters")


def operations(document: Document) -> Iterator[Operation]:
    """Yield the operations in the document's order."""
    bundle = document.bundle
    for path, item in bundle["paths"].items():
        for method, body in item.items():
            if method in METHODS and isinstance(body, dict):
                security = body.get("security", bundle.get("security", []))
                yield Operation(document, path, method, body, security, _parameters(bundle, item, body))


def _is(parameter: dict[str, Any], name: str, place: str) -> bool:
    return parameter.get("in") == place and str(parameter.get("name")).lower() == name.lower()


def _parameters(bundle: dict[str, Any], item: dict[str, Any], body: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    listed = [*item.get("parameters", []), *body.get("parameters", [])]
    resolved = [resolve(bundle, parameter) for parameter in listed]
    return tuple({(parameter.get("name"), parameter.get("in")): parameter for parameter in resolved}.values())
