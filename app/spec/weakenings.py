"""What the overlay of a project takes from the protection of Charter's operations.

Who may call an operation, and what it accepts of whom, is decided by Charter's document. An overlay may decide
otherwise, but nobody shall overlook it (docs/decisions/0026-a-project-and-charter-are-one-document.md).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.spec.document import Document, Fault, Place, Pointer, parse_pointer, resolve
from app.spec.document.tree import operations_of
from app.spec.write_permissions import KEY as WRITE_PERMISSION

_OPEN = "additionalProperties"


@dataclass(frozen=True, slots=True)
class Weakening:
    """One protection that an operation of Charter had, and that the overlay of the project took away.

    Attributes:
        operation: its operationId.
        key: the key that the overlay has changed.
        place: where the overlay did it.
        message: what is different now.
        needs_consent: whether more callers may do something than before.
    """

    operation: str
    key: str
    place: Place
    message: str
    needs_consent: bool


def find_weakenings(document: Document) -> list[Weakening]:
    """Return what the overlay has weakened, in the order of the operations; nothing without an overlay."""
    before = document.before_overlay
    return [] if before is None else list(_Comparison(document, before).all())


def weakening_faults(document: Document, weakenings: list[Weakening]) -> Iterator[Fault]:
    """Yield a fault for each weakening that the project must accept and has not."""
    for weakening in weakenings:
        if weakening.needs_consent and weakening.operation not in document.choices.weakened:
            yield Fault(weakening.place, weakening.message, _consent(weakening, "if it is meant"))


def weakening_warnings(document: Document, weakenings: list[Weakening]) -> Iterator[Fault]:
    """Yield a warning for each other weakening that the project has not accepted, and for each entry without one."""
    names = {weakening.operation for weakening in weakenings}
    for name, place in document.choices.weakened.items():
        if name not in names:
            yield Fault(place, f"The overlay weakens nothing of {name}.", "Remove it from `weaken`.")
    for weakening in weakenings:
        if not weakening.needs_consent and weakening.operation not in document.choices.weakened:
            yield Fault(weakening.place, weakening.message, _consent(weakening, "to accept it"))


def _consent(weakening: Weakening, when: str) -> str:
    return f"Remove the change, or add {weakening.operation} to `weaken` in x-charter {when}."


class _Body(NamedTuple):
    """What the body of an operation guards: the paths of properties, each with where it is and what it says."""

    properties: dict[tuple[str, ...], Pointer]
    permissions: dict[tuple[str, ...], str]
    closed: dict[tuple[str, ...], Pointer]


class _Comparison:
    def __init__(self, document: Document, before: Mapping[str, Any]) -> None:
        self._document, self._before = document, before

    def all(self) -> Iterator[Weakening]:
        for path, item in self._before["paths"].items():
            if path not in self._document.inherited_paths:
                continue
            now = operations_of(self._document.bundle["paths"].get(path))
            for method, was in operations_of(item).items():
                if method in now:
                    yield from self._of_keys(("paths", path, method), was, now[method])
                    yield from self._of_body(("paths", path, method), was, now[method])

    def _of_keys(self, pointer: Pointer, was: dict[str, Any], now: dict[str, Any]) -> Iterator[Weakening]:
        name = str(was.get("operationId"))
        public = "x-public" in now

        def told(key: str, message: str, *, needs_consent: bool = False) -> Weakening:
            return Weakening(name, key, self._document.where((*pointer, key)), message, needs_consent)

        if public and "x-public" not in was:
            yield told("x-public", f"Everybody may call {name} now, without an access token.", needs_consent=True)
        if (
            not public
            and "x-permission" in now
            and (lost := _listed(was, "x-permission") - _listed(now, "x-permission"))
        ):
            message = f"{name} no longer needs the permission {', '.join(sorted(lost))}."
            yield told("x-permission", message, needs_consent=True)
        if "x-owner" in now and now["x-owner"] != was.get("x-owner"):
            message = f"The owner that x-owner of {name} now names needs no permission."
            yield told("x-owner", message, needs_consent=True)
        if "x-step-up" in was and now.get("x-step-up") != was["x-step-up"]:
            yield told("x-step-up", f"{name} no longer needs a sign-in of the recency {was['x-step-up']}.")
        limit, limit_before = (one.get("x-rate-limit", "default") for one in (now, was))
        if limit != limit_before and (public or limit == "none"):
            message = f"The rate limit of {name} is no longer {limit_before} but {limit}."
            yield told("x-rate-limit", message)
        derived = (*pointer, "security") in self._document.derived
        if not public and not derived and "security" in now and now["security"] != was.get("security"):
            yield told("security", f"The security of {name} is not that of Charter's document any more.")

    def _of_body(self, pointer: Pointer, was: dict[str, Any], now: dict[str, Any]) -> Iterator[Weakening]:
        name = str(was.get("operationId"))
        before = _body(self._before, (*pointer, "requestBody"), was.get("requestBody"))
        after = _body(self._document.bundle, (*pointer, "requestBody"), now.get("requestBody"))
        for path, permission in before.permissions.items():
            if path in after.properties and after.permissions.get(path) != permission:
                place = self._document.where((*after.properties[path], WRITE_PERMISSION))
                message = f"{name} no longer needs the permission {permission} to set {'.'.join(path)}."
                yield Weakening(name, WRITE_PERMISSION, place, message, needs_consent=True)
        for path, where in before.closed.items():
            if path not in after.closed and (not path or path in after.properties):
                what = f"in {'.'.join(path)} " if path else ""
                message = f"{name} accepts properties {what}that its schema does not name."
                yield Weakening(name, _OPEN, self._document.where((*where, _OPEN)), message, needs_consent=False)


def _listed(operation: dict[str, Any], key: str) -> set[str]:
    value = operation.get(key, [])
    return {str(each) for each in (value if isinstance(value, list) else [value])}


def _body(bundle: Mapping[str, Any], pointer: Pointer, body: Any) -> _Body:
    """Return what the body of an operation guards, in all of its media types."""
    found = _Body({}, {}, {})
    pointer, body = _target(bundle, pointer, body)
    content = body.get("content") if isinstance(body, dict) else None
    for kind, media_type in content.items() if isinstance(content, dict) else ():
        if isinstance(media_type, dict):
            schema = media_type.get("schema")
            _walk(bundle, (*pointer, "content", kind, "schema"), schema, (), found, frozenset())
    return found


def _walk(
    bundle: Mapping[str, Any],
    pointer: Pointer,
    schema: Any,
    path: tuple[str, ...],
    found: _Body,
    ancestors: frozenset[int],
) -> None:
    if path and isinstance(schema, dict):
        _note_permission(pointer, schema, path, found)
    pointer, schema = _target(bundle, pointer, schema)
    if not isinstance(schema, dict) or id(schema) in ancestors:
        return
    ancestors |= {id(schema)}
    if path:
        _note_permission(pointer, schema, path, found)
    if schema.get(_OPEN) is False:
        found.closed.setdefault(path, pointer)
    properties = schema.get("properties")
    for name, child in properties.items() if isinstance(properties, dict) else ():
        _walk(bundle, (*pointer, "properties", name), child, (*path, name), found, ancestors)
    for keyword in ("allOf", "anyOf", "oneOf"):
        branches = schema.get(keyword)
        for index, branch in enumerate(branches if isinstance(branches, list) else ()):
            _walk(bundle, (*pointer, keyword, index), branch, path, found, ancestors)
    if isinstance(schema.get("items"), dict):
        _walk(bundle, (*pointer, "items"), schema["items"], (*path, "[]"), found, ancestors)


def _note_permission(pointer: Pointer, schema: dict[str, Any], path: tuple[str, ...], found: _Body) -> None:
    if WRITE_PERMISSION in schema:
        found.permissions[path] = str(schema[WRITE_PERMISSION])
        found.properties[path] = pointer
    found.properties.setdefault(path, pointer)


def _target(bundle: Mapping[str, Any], pointer: Pointer, node: Any) -> tuple[Pointer, Any]:
    """Return where a reference leads, and what is there; a part itself if it is no reference."""
    while isinstance(node, dict) and isinstance(node.get("$ref"), str):
        pointer, node = parse_pointer(node["$ref"][1:]), resolve(bundle, {"$ref": node["$ref"]})
    return pointer, node
