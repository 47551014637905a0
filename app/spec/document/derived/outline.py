"""An operation of a document that may not be valid yet: what the rules of this package ask about it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from app.spec.document.tree import Pointer, resolve

_COMPOSED = ("allOf", "anyOf", "oneOf")
WRITE_PERMISSION = "x-write-permission"


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """An operation in a bundle.

    Attributes:
        method: in lower case.
        body: its operation object.
        lacking: the kind and name of each component that was asked for, and that the document does not have.
    """

    bundle: dict[str, Any]
    path: str
    method: str
    body: dict[str, Any]
    lacking: set[tuple[str, str]] = field(default_factory=set)

    @property
    def pointer(self) -> Pointer:
        """The pointer to it in the bundle."""
        return ("paths", self.path, self.method)

    @property
    def enveloped(self) -> bool:
        """Whether its responses use the envelope (law 3)."""
        return self.path.startswith("/v1/")

    @property
    def counted(self) -> bool:
        """Whether a rate limit counts its requests."""
        return self.body.get("x-rate-limit") != "none"

    @property
    def responses(self) -> dict[str, Any]:
        """The responses that are written; none if they have another form."""
        responses = self.body.get("responses")
        return responses if isinstance(responses, dict) else {}

    def component(self, kind: str, name: str) -> dict[str, Any] | None:
        """Return a reference to a component; None if the document does not have it."""
        components = self.bundle.get("components")
        of_kind = components.get(kind) if isinstance(components, dict) else None
        if isinstance(of_kind, dict) and name in of_kind:
            return {"$ref": f"#/components/{kind}/{name}"}
        self.lacking.add((kind, name))
        return None

    def parameters(self) -> Iterator[tuple[str, str]]:
        """Yield (name in lower case, place) of each parameter, also of those of the path."""
        for holder in (self.bundle["paths"][self.path], self.body):
            listed = holder.get("parameters")
            for entry in listed if isinstance(listed, list) else ():
                parameter = self.resolved(entry)
                yield str(parameter.get("name")).lower(), str(parameter.get("in"))

    def permissions(self) -> set[str]:
        """Return the permissions of x-permission."""
        value = self.body.get("x-permission", [])
        return set(map(str, value if isinstance(value, list) else [value]))

    def write_permissions(self) -> set[str]:
        """Return the permissions that properties of the body need."""
        found: set[str] = set()
        content = self.resolved(self.body.get("requestBody")).get("content")
        for media in content.values() if isinstance(content, dict) else ():
            self._walk(media.get("schema") if isinstance(media, dict) else None, found, set())
        return found

    def has_etag(self) -> bool:
        """Return whether a success shows an ETag."""
        return any(
            str(name).lower() == "etag"
            for status, response in self.responses.items()
            if status.startswith("2")
            for name in self._headers(response)
        )

    def has_versioned_sibling(self) -> bool:
        """Return whether another operation of the path compares If-Match."""
        item = self.bundle["paths"][self.path]
        return any(isinstance(other, dict) and "x-precondition" in other for other in item.values())

    def resolved(self, node: Any) -> dict[str, Any]:
        """Return the mapping that a node is or refers to; an empty one for everything else."""
        target = resolve(self.bundle, node)
        return target if isinstance(target, dict) else {}

    def _headers(self, response: Any) -> dict[str, Any]:
        headers = self.resolved(response).get("headers")
        return headers if isinstance(headers, dict) else {}

    def _walk(self, node: Any, found: set[str], seen: set[int]) -> None:
        schema = self.resolved(node)
        if not schema or id(schema) in seen:
            return
        seen.add(id(schema))
        properties = schema.get("properties")
        for child in properties.values() if isinstance(properties, dict) else ():
            for holder in (child, self.resolved(child)):
                if isinstance(holder, dict) and WRITE_PERMISSION in holder:
                    found.add(str(holder[WRITE_PERMISSION]))
            self._walk(child, found, seen)
        for keyword in _COMPOSED:
            branches = schema.get(keyword)
            for branch in branches if isinstance(branches, list) else ():
                self._walk(branch, found, seen)
