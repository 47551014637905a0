"""The part of the document that a resource needs: paths, schemas, examples, permissions, events and numbers."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from app.scaffold.fields import Field
from app.scaffold.names import class_name
from app.scaffold.resource import Resource
from app.scaffold.templates import rendered
from app.scaffold.yaml_edit import WrongYaml, add_entries

ID = "019c13ec-9e00-7b4d-8e6f-1a2b3c4d5e6f"
OWNER_ID = "019c13ec-9e00-7a1b-8c2d-3e4f5a6b7c8d"
MOMENT = "2026-01-31T12:00:00.000Z"
_CACHE_SECONDS = 60


@dataclass(slots=True)
class Changes:
    """Files to write.

    Attributes:
        new: contents by path in the project.
        changed: (text as it is, text as it will be) by path.
    """

    new: dict[str, str] = field(default_factory=dict)
    changed: dict[str, tuple[str, str]] = field(default_factory=dict)


class CannotAdd(ValueError):
    """A file of the project is in the way, or cannot be added to; the message has a line for each."""


def document_part(resource: Resource, kinds: Collection[str], read: Callable[[str], str | None]) -> Changes:
    """Return the files of the document that a resource adds or adds to.

    Args:
        kinds: the operations.
        read: returns the text of a file of the project by its path; None if there is none.

    Raises:
        CannotAdd: with every reason.
    """
    made, faults = Changes(), []
    for path, text in _new_files(resource, kinds).items():
        if read(path) is None:
            made.new[path] = text
        else:
            faults.append(f"{path} exists already: choose another name, or remove it")
    for path, key, block in _additions(resource, kinds):
        before = made.changed.get(path, (read(path), ""))[0]
        current = made.changed[path][1] if path in made.changed else made.new.get(path, before)
        try:
            after = add_entries(current or "", block, key)
        except WrongYaml as error:
            faults.append(f"{path}: {error}")
            continue
        if before is None:
            made.new[path] = after
        else:
            made.changed[path] = (before, after)
    if faults:
        raise CannotAdd("\n".join(faults))
    return made


def _new_files(resource: Resource, kinds: Collection[str]) -> dict[str, str]:
    def component(of: Field) -> str:
        return f"{resource.model}{class_name(of.name)}"

    values = {each.name: each.example for each in resource.fields}
    changed = {each.name: each.other for each in resource.fields[:1]}
    owner = {resource.owner: OWNER_ID} if resource.owner else {}
    row = {"id": ID, **owner, **values, "created_at": MOMENT, "updated_at": MOMENT}
    items = [kind for kind in kinds if kind in ("get", "update", "delete")]
    common = {
        "r": resource, "kinds": kinds, "items": items, "component": component, "id": ID, "row": row,
        "new": {each.name: each.example for each in resource.fields if not each.optional},
        "changes": changed, "changed": {**row, **changed},
        "names": list(values), "required": [each.name for each in resource.fields if each.required],
        "has_update": "update" in kinds,
    }  # fmt: skip
    files = {
        f"openapi/components/schemas/{resource.plural}.yaml": rendered("document/schemas.yaml.jinja", **common),
        f"openapi/components/examples/{resource.plural}.yaml": rendered("document/examples.yaml.jinja", **common),
    }
    if "list" in kinds or "create" in kinds:
        files[f"openapi/paths/{resource.plural}.yaml"] = rendered("document/collection.yaml.jinja", **common)
    if items:
        files[f"openapi/paths/{resource.singular}.yaml"] = rendered("document/item.yaml.jinja", **common)
    return files


def _additions(resource: Resource, kinds: Collection[str]) -> list[tuple[str, str | None, str]]:
    """Return (path, key or None for the top, block) of what is added to lists that all resources share."""
    plural, singular, nouns = resource.plural, resource.singular, resource.nouns
    base = f"/v1/users/{{user_id}}/{plural}" if resource.owner else f"/v1/{plural}"
    items = [kind for kind in kinds if kind in ("get", "update", "delete")]
    writes = [kind for kind in ("create", "update", "delete") if kind in kinds]
    about = resource.about or f"The {nouns}{' of an account' if resource.owner else ''}."
    others = " of other accounts" if resource.owner else ""
    made: list[tuple[str, str | None, str]] = [
        ("openapi/openapi.yaml", "tags", f"- name: {plural}\n  description: {about}\n")
    ]
    if "list" in kinds or "create" in kinds:
        made.append(("openapi/openapi.yaml", "paths", f"{base}: {{$ref: paths/{plural}.yaml}}\n"))
    if items:
        made.append(
            ("openapi/openapi.yaml", "paths", f"/v1/{plural}/{{{singular}_id}}: {{$ref: paths/{singular}.yaml}}\n")
        )
        parameter = (
            f"{resource.model}IdInPath:\n  name: {singular}_id\n  in: path\n"
            f"  description: Id of the {resource.noun}.\n  required: true\n"
            f"  schema: {{$ref: 'schemas/{plural}.yaml#/{resource.model}Id'}}\n  example: {ID}\n"
        )
        made.append(("openapi/components/parameters.yaml", None, parameter))
    permissions = ""
    if "list" in kinds or "get" in kinds:
        permissions += f"{plural}:read:\n  description: Read {nouns}{others}.\n  roles: []\n"
    if writes:
        verbs = " and ".join([", ".join(_verb(kind) for kind in writes[:-1]), _verb(writes[-1])]).removeprefix(" and ")
        permissions += f"{plural}:write:\n  description: {verbs.capitalize()} {nouns}{others}.\n  roles: []\n"
        events = "".join(
            f"{singular}.{kind}d:\n  description: {resource.one.capitalize()} was {_verb(kind)}d.\n" for kind in writes
        )
        made.append(("openapi/events.yaml", None, events))
    made.append(("openapi/permissions.yaml", None, permissions))
    if resource.cached and "get" in kinds:
        number = (
            f"{plural}:\n  seconds: {_CACHE_SECONDS}\n"
            f"  description: How long {resource.one} may be cached, in seconds.\n"
        )
        made.append(("openapi/policies.yaml", "cache", number))
    return made


def _verb(kind: str) -> str:
    return {"create": "create", "update": "change", "delete": "delete"}[kind]
