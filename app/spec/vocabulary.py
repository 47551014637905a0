"""Law 1: nothing without a policy. Every x- key of the document becomes part of a Policy, or stops the start.

The forms of the keys stand in openapi/extensions.schema.json, their meaning in openapi/extensions.md, and the rules
that an operation must meet in `operation_checks`.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from jsonschema_rs import Draft202012Validator

from app.resources import OPENAPI
from app.spec.cache_rules import unmatched
from app.spec.document import METHODS, Document, Fault, Node, nodes
from app.spec.events import Event
from app.spec.operation import Operation, operations
from app.spec.operation_checks import CHECKS, FORM, Check, Names
from app.spec.permissions import Permission
from app.spec.policy import Policy, listed_permissions, policy_of
from app.spec.property_permissions import KEY, PropertyPermissions
from app.spec.spelling import fix
from app.spec.statuses import undocumented

_SCHEMA = OPENAPI / "extensions.schema.json"
# The kinds of node that carry x- keys, by the definition in the schema that holds their forms.
_HOLDERS = {"operation": "operation", "properties": "property"}


def read_policies(
    document: Document,
    *,
    permissions: Mapping[str, Permission],
    events: Mapping[str, Event],
    buckets: Collection[str],
    recencies: Collection[str],
    lifetimes: Collection[str],
    thorough: bool = False,
) -> tuple[dict[str, Policy], list[Fault]]:
    """Return the policies by operationId, and every fault, each naming file and line.

    Where there are faults, the policies are those of the operations that can be told apart and have a form, so that
    these can be held against their handlers and all that is wrong be told at once.

    Args:
        document: as loaded.
        permissions: those there are, by name.
        events: those there are, by name.
        buckets: names of the rate limits in the settings.
        recencies: names of the step-ups in the settings.
        lifetimes: names of the cache policies in the settings.
        thorough: also tell of refusals that an operation can answer and does not document.
    """
    bundle = document.bundle
    names = Names(
        permissions=permissions,
        events=events,
        buckets=buckets,
        recencies=recencies,
        lifetimes=lifetimes,
        tags=[tag.get("name") for tag in bundle.get("tags", [])],
        schemes=bundle.get("components", {}).get("securitySchemes", {}),
    )
    found = list(operations(document))
    guarded = PropertyPermissions(document)
    write_permissions = {operation.pointer: guarded.of(operation) for operation in found}
    malformed = {operation.pointer: [*_findings(operation, FORM, names)] for operation in found}
    sound, duplicates = _told_apart(operation for operation in found if not malformed[operation.pointer])
    faults = [
        *_keys(document, names),
        *_methods(document),
        *(fault for faults in malformed.values() for fault in faults),
        *duplicates,
        *(fault for operation in found for fault in _findings(operation, CHECKS, names)),
        *unmatched([operation for operation in found if not malformed[operation.pointer]]),
        *guarded.faults,
        *guarded.unreached(),
    ]
    faults += _unused(found, write_permissions.values(), permissions, events)
    if thorough:
        for operation in sound.values():
            faults += undocumented(operation, write_permissions[operation.pointer])
    return {
        name: policy_of(operation, write_permissions[operation.pointer]) for name, operation in sound.items()
    }, faults


@cache
def forms() -> dict[str, dict[str, Draft202012Validator]]:
    """Return what checks the value of each x- key, by what carries it (`operation`, `property`) and key."""
    definitions = _definitions()
    return {
        holder: {
            key: Draft202012Validator({"$ref": f"#/$defs/{holder}/properties/{key}", "$defs": definitions})
            for key in definitions[holder]["properties"]
        }
        for holder in _HOLDERS.values()
    }


@cache
def _definitions() -> dict[str, Any]:
    definitions: dict[str, Any] = json.loads(_SCHEMA.read_text(encoding="utf-8"))["$defs"]
    return definitions


def _form(holder: str, key: str) -> str:
    form = _definitions()[holder]["properties"][key]
    if "enum" in form:
        return f"Choose one of {', '.join(form['enum'])}."
    return f"Write it like {json.dumps(form['examples'][0])}."


def _keys(document: Document, names: Names) -> Iterator[Fault]:
    for node in nodes(document.bundle):
        for key, value in node.mapping.items():
            if key.startswith("x-"):
                for message, remedy in _key_findings(node, key, value, names):
                    yield Fault(document.where((*node.pointer, key)), message, remedy)


def _key_findings(node: Node, key: str, value: Any, names: Names) -> Iterator[tuple[str, str]]:
    known = forms()
    holder = _HOLDERS.get(node.kind or "", "")
    if key in known.get(holder, {}):
        if not known[holder][key].is_valid(value):
            yield (
                f"The value of {key} is not one it can have.",
                f"{_form(holder, key)} See {key} in openapi/extensions.md.",
            )
        elif key == KEY and str(value) not in names.permissions:
            yield names.unknown_permission(str(value))
        return
    for elsewhere, keys in known.items():
        if key in keys:
            yield f"{key} does not belong here.", f"Move it to a{'n' * (elsewhere == 'operation')} {elsewhere}."
            return
    otherwise = "Remove it, or see openapi/extensions.md for those there are."
    yield f"There is no key {key}.", fix(key, (name for keys in known.values() for name in keys), otherwise)


def _methods(document: Document) -> Iterator[Fault]:
    for path, item in document.bundle["paths"].items():
        for key, value in item.items():
            place = document.where(("paths", path, key))
            if key in ("head", "options", "trace"):
                yield Fault(
                    place, f"{key.upper()} is not for the document to define.", "Remove it: the gateway answers it."
                )
            elif key in METHODS and not isinstance(value, dict):
                yield Fault(place, f"{key.upper()} {path} is not a mapping.", "Write an operation.")


def _told_apart(found: Iterable[Operation]) -> tuple[dict[str, Operation], list[Fault]]:
    first: dict[str, Operation] = {}
    faults = []
    for operation in found:
        name = operation.body["operationId"]
        earlier = first.setdefault(name, operation)
        if earlier is not operation:
            problem = f"The operationId {name} is taken, at {earlier.where('operationId')}."
            faults.append(Fault(operation.where("operationId"), problem, "Rename one of them."))
    return first, faults


def _findings(operation: Operation, checks: Iterable[Check], names: Names) -> Iterator[Fault]:
    for check in checks:
        yield from check(operation, names)


def _unused(
    found: Collection[Operation],
    guarded: Iterable[tuple[tuple[tuple[str, ...], str], ...]],
    permissions: Mapping[str, Permission],
    events: Mapping[str, Event],
) -> Iterator[Fault]:
    used = {permission for operation in found for permission in listed_permissions(operation)}
    used |= {permission for properties in guarded for _, permission in properties}
    for name, permission in permissions.items():
        if name not in used:
            yield Fault(permission.place, f"No operation asks for {name}.", "Use it or remove it.")
    left = {str(operation.body.get("x-audit")) for operation in found}
    for name, event in events.items():
        if name not in left and not event.by_command:
            otherwise = "Use it, remove it, or mark it `by: cli` if the command leaves it."
            yield Fault(event.place, f"No operation leaves {name}.", otherwise)
