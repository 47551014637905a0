"""The code that a resource needs: handlers, service, model, migration, presenter, tests, feature page."""

import re
from dataclasses import dataclass
from datetime import datetime

from app.scaffold.imports import with_imports
from app.scaffold.layout import laid_out
from app.scaffold.resource import Operation, Resource
from app.scaffold.templates import rendered
from app.spec.page_kinds import page_kinds

# The package of the project in which its presenters are.
_PRESENTERS = ("handlers", "presenters")
# Which files use what is in a package of the project.
_USERS = {
    "services": ("handlers/",),
    "handlers": ("handlers/",),
    "models": ("handlers/", "services/", "tests/"),
    "tests": ("tests/",),
}


@dataclass(frozen=True, slots=True)
class _Function:
    name: str
    arguments: str
    returns: str
    summary: str
    lines: tuple[str, ...]


def code_files(resource: Resource, *, now: datetime, model_module: str | None = None) -> dict[str, str]:
    """Return the files of a resource by path.

    Args:
        now: the date of the migration.
        model_module: where the model is; None: where it is written to.
    """
    about = resource.about.strip(". ") or f"the {resource.nouns}"
    about = f"{about[0].lower()}{about[1:]}."
    files = {
        f"handlers/{resource.plural}.py": handlers(resource, about),
        f"services/{resource.plural}.py": service(resource),
        f"docs/features/{resource.plural}.md": rendered("code/page.md.jinja", r=resource, about=about, who=_who),
    }
    if resource.has_model:
        files |= {
            "handlers/presenters/__init__.py": '"""What services return, as the schemas of the document."""\n',
            f"handlers/presenters/{resource.plural}.py": rendered("code/presenter.py.jinja", r=resource),
            f"models/{resource.singular}.py": model(resource, about),
            f"migrations/{now:%Y-%m-%d-%H-%M}-{resource.plural.replace('_', '-')}.py": rendered(
                "code/migration.py.jinja", r=resource
            ),
            "tests/factories/__init__.py": '"""What tests make."""\n',
            f"tests/factories/{resource.plural}.py": rendered("code/factory.py.jinja", r=resource),
        }
    files["tests/operations/__init__.py"] = '"""A file for each operation."""\n'
    for operation in resource.operations:
        files[f"tests/operations/test_{operation.name}.py"] = test(resource, operation)
    own = {
        resource.plural: "services",
        resource.model: model_module or f"models.{resource.singular}",
        f"present_{resource.singular}": ".".join([*_PRESENTERS, resource.plural]),
        f"make_{resource.singular}": f"tests.factories.{resource.plural}",
    }
    return {path: _complete(path, text, own) for path, text in files.items()}


def _complete(path: str, text: str, own: dict[str, str]) -> str:
    """Return a file with the imports that it needs; no module imports from itself."""
    if not path.endswith(".py") or path.startswith("migrations/"):
        return text
    module = path.removesuffix(".py").replace("/", ".")
    needed = {
        name: source
        for name, source in own.items()
        if path.startswith(_USERS[source.partition(".")[0]]) and module not in (source, f"{source}.{name}")
    }
    return laid_out(with_imports(text, needed))


def handlers(resource: Resource, about: str) -> str:
    """Return the module with the handlers of the operations."""
    made = [_handler(resource, operation) for operation in resource.operations]
    return rendered("code/handlers.py.jinja", r=resource, about=about, handlers=made)


def _handler(resource: Resource, operation: Operation) -> _Function:
    s, module, present = resource.singular, resource.plural, f"present_{resource.singular}"
    path = [f"{name}: {kind}" for name, kind in operation.parameters]
    names = [name for name, _ in operation.parameters]
    context, body = "context: Context", "body: dict[str, Any]"

    def call(function: str, *arguments: str) -> str:
        return f"{module}.{function}({', '.join(arguments)})"

    def made(arguments: list[str], returns: str, *lines: str) -> _Function:
        return _Function(operation.name, ", ".join(arguments), returns, operation.summary, lines)

    if operation.kind == "list":
        return made(["page: Page", *path], "Listing", f"return {call('list_of', 'page', *names)}.map({present})")
    if operation.kind == "create":
        location = _location(resource, operation)
        return made(
            [context, *path, body],
            "Result",
            f"{s} = {call('create', 'context', *names, 'body')}",
            f"return Result({present}({s}), location={location})",
        )
    if operation.kind == "get":
        if not versioned(operation):
            return made(path, "dict[str, Any]", f"return {present}({call('find', *names)})")
        return made(
            path, "Result", f"{s} = {call('find', *names)}", f"return Result({present}({s}), version={s}.version)"
        )
    if operation.kind == "update":
        if not versioned(operation):
            result = f"return {present}({call('update', 'context', *names, 'body')})"
            return made([context, *path, body], "dict[str, Any]", result)
        return made(
            [context, *path, body],
            "Result",
            f"{s} = {call('update', 'context', *names, 'body')}",
            f"return Result({present}({s}), version={s}.version)",
        )
    if operation.kind == "delete":
        return made([context, *path], "None", call("delete", "context", *names))
    arguments, given = other_arguments(operation)
    return made(arguments, "Any", f"return {call(operation.name, *given)}")


def other_arguments(operation: Operation) -> tuple[list[str], list[str]]:
    """Return the parameters, with their types and without, of an operation whose rule somebody has to write."""
    pairs = [] if "x-cache" in operation.body else [("context", "Context")]
    pages = {"offset": "Page", "cursor": "CursorPage"}
    if kinds := page_kinds(operation.body):
        pairs.append(("page", pages[kinds[0]]))
    pairs += [pair for pair in operation.parameters if "=" not in pair[1]]
    pairs += [("body", "dict[str, Any]")] if operation.has_body else []
    pairs += [pair for pair in operation.parameters if "=" in pair[1]]
    return [f"{name}: {kind}" for name, kind in pairs], [name for name, _ in pairs]


def versioned(operation: Operation) -> bool:
    """Return whether a success of an operation has an ETag."""
    responses = operation.body.get("responses", {})
    headers = responses.get("200", {}).get("headers", {})
    return "ETag" in headers


def _location(resource: Resource, operation: Operation) -> str:
    item = resource.operation("get")
    path = item.path if item else f"{operation.path}/{{{resource.key}}}"
    known = {name for name, _ in operation.parameters}
    last = re.findall(r"\{([^{}]*)\}", path)[-1]
    made = path.replace(f"{{{last}}}", f"{{{resource.singular}.id}}") if last not in known else path
    return f'f"{made}"'


def _path_names(resource: Resource) -> list[str]:
    item = next((each for each in map(resource.operation, ("get", "update", "delete")) if each), None)
    return [name for name, _ in item.parameters] if item else []


def service(resource: Resource) -> str:
    """Return the module with the rules."""
    kinds = [operation.kind for operation in resource.operations]
    others = [
        _Function(each.name, ", ".join(other_arguments(each)[0]), "Any", each.summary, ())
        for each in resource.operations
        if each.kind == "other"
    ]
    if not resource.has_model:
        return rendered("code/stubs.py.jinja", r=resource, others=others)

    def owned(kind: str) -> bool:
        operation = resource.operation(kind)
        return bool(resource.owner and operation and "user_id" in dict(operation.parameters))

    scoped = bool(resource.owner) and "user_id" in _path_names(resource)
    condition = f"{resource.model}.id == {resource.key}"
    if scoped:
        condition = f"({condition}) & ({resource.model}.{resource.owner_field} == user_id)"
    refs = [field.name for field in resource.fields if field.kind == "ref"] if {"create", "update"} & set(kinds) else []
    return rendered(
        "code/service.py.jinja", r=resource, kinds=kinds, others=others, scoped=scoped, condition=condition,
        owned_list=owned("list"), owned_create=owned("create"), refs=refs,
    )  # fmt: skip


def model(resource: Resource, about: str) -> str:
    """Return the module with the model."""
    return rendered("code/model.py.jinja", r=resource, about=about)


def test(resource: Resource, operation: Operation) -> str:
    """Return the tests of an operation."""

    def path_with(key: str) -> str:
        values = {"user_id": "{people.alice.id}", resource.key: key}
        return re.sub(
            r"\{([^{}]*)\}", lambda found: values.get(found[1], "019c13ec-9e00-7e5f-8a6b-7c8d9e0f1a2b"), operation.path
        )

    owner = operation.body.get("x-owner")
    fields = [field for field in resource.fields if not field.optional]
    body = {field.name: field.example for field in fields if field.kind != "ref"}
    refs = [field.name for field in fields if field.kind == "ref"]
    accounts = "{" + ", ".join(f'"{name}": str(people.alice.id)' for name in refs) + "}"
    changes = {field.name: field.other for field in resource.fields[:1]}
    return rendered(
        "code/test.py.jinja", r=resource, op=operation, path=path_with(f"{{{resource.singular}.id}}"),
        nowhere=path_with("019c13ec-9e00-7e5f-8a6b-7c8d9e0f1a2b"), owner_may=owner is not None,
        owner_in_path="user_id" in dict(operation.parameters), body=body, changes=changes,
        sent=f"BODY | {accounts}" if refs else "BODY", accounts=accounts,
        required=[field.name for field in resource.fields if field.required and field.name not in refs],
        versioned=versioned(operation),
    )  # fmt: skip


def _who(operation: Operation) -> str:
    value = operation.body.get("x-permission")
    if value is None:
        return "everybody"
    permissions = " and ".join(f"`{each}`" for each in ([value] if isinstance(value, str) else value))
    return f"the owner or {permissions}" if "x-owner" in operation.body else permissions
