"""Finds in the document of a project the operations without a handler and the schemas without a model."""

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.project import Project
from app.scaffold.fields import Field
from app.scaffold.module_edit import module_path, read_module
from app.scaffold.names import NAME, WrongName, singular_of
from app.scaffold.resource import Operation, Resource
from app.spec.document import Document
from app.spec.operation import Operation as DocumentOperation
from app.spec.operation import operations
from app.spec.page_kinds import page_kinds

_COMMON = frozenset({"id", "version", "created_at", "updated_at"})
_ACCOUNT = "Id of the account"


def resources_of(document: Document) -> list[Resource]:
    """Return the resources of the operations that a project adds, one for each tag."""
    by_tag: dict[str, list[DocumentOperation]] = {}
    for operation in operations(document):
        tags = operation.body.get("tags", [])
        if operation.path not in document.inherited_paths and tags:
            by_tag.setdefault(str(tags[0]), []).append(operation)
    return [_resource(document, tag, found) for tag, found in by_tag.items() if NAME.fullmatch(tag)]


def names_of(path: Path) -> set[str]:
    """Return the names that the statements at the top of a Python file bind; none if there is no file.

    Raises:
        SyntaxError: it is not Python.
    """
    if not path.is_file():
        return set()
    module = read_module(path.read_bytes(), str(path))
    return {*module.bound, *module.doubtful}


def classes_of(project: Project, package: str) -> dict[str, str]:
    """Return the module of each class in the modules of a package, by the name of the class.

    Raises:
        SyntaxError: one is not Python.
    """
    found: dict[str, str] = {}
    for path in sorted((project.root / package).rglob("*.py")):
        parts = path.relative_to(project.root).with_suffix("").parts
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        bound = read_module(path.read_bytes(), str(path)).bound
        found |= {name: module for name, node in bound.items() if isinstance(node, ast.ClassDef)}
    return found


def with_owner_of_model(resource: Resource, project: Project, module: str) -> Resource:
    """Return a resource whose owner is in the column that its model has for one.

    Args:
        module: where the model is.

    Raises:
        SyntaxError: it is not Python.
    """
    path = project.root / module_path(project.root, module)
    node = read_module(path.read_bytes(), str(path)).bound.get(resource.model)
    accounts = {
        statement.targets[0].id
        for statement in (node.body if isinstance(node, ast.ClassDef) else ())
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)
        if isinstance(statement.value, ast.Call) and statement.value.args
        if isinstance(first := statement.value.args[0], ast.Name) and first.id == "User"
    }
    if not resource.owner or resource.owner_field in accounts or len(accounts) != 1:
        return resource
    return replace(resource, owner=f"{accounts.pop()}_id")


def _resource(document: Document, tag: str, found: list[DocumentOperation]) -> Resource:
    schema = next(filter(None, map(_schema_name, found)), "")
    singular = _snake(schema) if schema else _singular(tag)
    made = tuple(_operation(each, _schema_name(each) == schema) for each in found)
    tags = document.bundle.get("tags", [])
    about = next((str(each.get("description", "")) for each in tags if each.get("name") == tag), "")
    properties = _properties(document, schema)
    owner = _owner(found, properties)
    fields = tuple(_field(document, *each) for each in properties.items() if each[0] not in _COMMON | {owner})
    return Resource(
        plural=tag,
        singular=singular,
        fields=fields,
        owner=owner,
        about=" ".join(about.split()).partition(". ")[0].rstrip(".") + ".",
        cached=any("x-cache" in each.body for each in found),
        idempotent=any("x-idempotency" in each.body for each in found),
        shown=frozenset(properties) - {each.name for each in fields},
        operations=made,
    )


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).removeprefix("_")


def _singular(tag: str) -> str:
    try:
        return singular_of(tag)
    except WrongName:
        return tag


def _schema_name(operation: DocumentOperation) -> str:
    """Return the name of the schema of what an operation returns: of its data, or of an item of it."""
    for status in ("200", "201"):
        response = operation.resolved(operation.body.get("responses", {}).get(status, {}))
        schema = response.get("content", {}).get("application/json", {}).get("schema", {})
        data = operation.resolved(schema).get("properties", {}).get("data", {})
        if "$ref" not in data and isinstance(data.get("items"), dict):
            data = data["items"]
        if "$ref" in data:
            return str(data["$ref"]).rpartition("/")[2]
    return ""


def _operation(operation: DocumentOperation, of_schema: bool) -> Operation:
    body = operation.body
    named = operation.path.endswith("}")
    kind = "other"
    if operation.method == "get" and of_schema:
        kind = "get" if named else "list" if "offset" in page_kinds(body) else "other"
    elif operation.method == "post" and of_schema and not named and "201" in body.get("responses", {}):
        kind = "create"
    elif operation.method == "patch" and of_schema and named:
        kind = "update"
    elif operation.method == "delete" and named:
        kind = "delete"
    return Operation(
        name=str(body["operationId"]),
        kind=kind,
        method=operation.method,
        path=operation.path,
        body=body,
        parameters=tuple(_arguments(operation)),
    )


def _arguments(operation: DocumentOperation) -> Iterator[tuple[str, str]]:
    """Yield (name, type in Python) of what the handler takes of the path and the query."""
    paginated = {"offset": {"offset", "limit", "sort"}, "cursor": {"cursor", "limit"}}
    left_out = {name for kind in page_kinds(operation.body) for name in paginated[kind]}
    for place in ("path", "query"):
        for parameter in operation.parameters:
            if parameter["in"] == place and parameter["name"] not in left_out:
                schema = operation.resolved(parameter.get("schema", {}))
                kind = _python_type(schema)
                optional = place == "query" and not parameter.get("required") and "default" not in schema
                yield parameter["name"], f"{kind} | None = None" if optional else kind


def _python_type(schema: dict[str, Any]) -> str:
    if schema.get("type") == "string":
        return {"uuid": "UUID"}.get(str(schema.get("format")), "str")
    return {"integer": "int", "number": "float", "boolean": "bool"}.get(str(schema.get("type")), "Any")


def _properties(document: Document, schema: str) -> dict[str, Any]:
    found = document.bundle.get("components", {}).get("schemas", {}).get(schema, {})
    properties = found.get("properties", {})
    return properties if isinstance(properties, dict) else {}


def _owner(found: list[DocumentOperation], properties: dict[str, Any]) -> str | None:
    for operation in found:
        owner = operation.body.get("x-owner")
        if isinstance(owner, dict) and "through" not in owner:
            return str(next(iter(owner.values())))
    owned = any(operation.body.get("x-owner") == "user_id" for operation in found)
    if not owned and not any("{user_id}" in operation.path for operation in found):
        return None
    return next((name for name in ("owner_id", "user_id") if name in properties), "owner_id" if owned else None)


def _field(document: Document, name: str, node: Any) -> Field:
    schema = node
    while isinstance(schema, dict) and "$ref" in schema:
        schema = document.bundle["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    optional = bool(schema.get("nullable"))
    kind, form = schema.get("type"), schema.get("format")
    field = Field(name, "json", optional)
    if kind == "string" and "enum" in schema:
        return Field(name, "enum", optional, tuple(str(each) for each in schema["enum"] if each is not None))
    if kind == "string" and form == "uuid":
        refers = name.endswith("_id") and str(schema.get("description", "")).startswith(_ACCOUNT)
        return Field(name, "ref" if refers else "uuid", optional)
    if kind == "string" and "[0-9]" in str(schema.get("pattern", "")) and r"\." in str(schema.get("pattern", "")):
        return Field(name, "decimal", optional)
    if kind == "string":
        plain = {"date": "date", "date-time": "datetime"}.get(str(form), "text")
        return Field(name, plain, optional, length=int(schema.get("maxLength", 200)))
    kinds = {"integer": "int", "number": "number", "boolean": "bool"}
    return Field(name, kinds[kind], optional) if kind in kinds else field
