"""Names that a resource or a field cannot have, because the code or the table that is written would not work."""

import builtins
import keyword
from collections.abc import Iterator, Sequence

from app.scaffold.fields import Field
from app.scaffold.imports import IMPORTED, MODEL_FUNCTIONS
from app.scaffold.names import NAME, class_name
from app.scaffold.resource import Resource

_WORDS_OF_SQL = """
    all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation
    column concurrently constraint create cross current_catalog current_date current_role current_schema current_time
    current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign freeze
    from full grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit
    localtime localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references
    returning right select session_user similar some symmetric system_user table tablesample then to trailing true
    union unique user using variadic verbose when where window with
"""
SQL = frozenset(_WORDS_OF_SQL.split())
"""The words that PostgreSQL takes as the name of a column or a table only in quotes."""

_VARIABLES_OF_TEMPLATES = """
    api body changed context each etag first headers listing made name newer now nowhere older owner page people
    response row rows second there user_id value values
"""
VARIABLES = frozenset(_VARIABLES_OF_TEMPLATES.split())
"""The variables and arguments of the functions that are written."""

_YAML = frozenset({"true", "false", "null", "yes", "no", "on", "off"})
_EVERY_RESOURCE_HAS = frozenset({"id", "version", "created_at", "updated_at"})
_BUILT_IN = frozenset(dir(builtins))


def wrong_names(resource: Resource) -> list[str]:
    """Return why the names of a resource and of its fields cannot be used, and what to do, with a line for each."""
    return [*_wrong_plural(resource), *_wrong_singular(resource), *wrong_fields(resource)]


def wrong_fields(resource: Resource) -> Iterator[str]:
    """Yield why the name of a field cannot be used, and what to do."""
    taken: dict[str, Field] = {}
    for field in resource.fields:
        reason = _reason(field, resource)
        if reason is not None:
            # On the command line a reference has the name of its attribute, in a document that of its column.
            yield f"{field.name if resource.operations else field.attribute} cannot be a field: {reason}"
        for part in {field.name, field.attribute, f"{class_name(field.name)} in names of schemas"}:
            other = taken.setdefault(part, field)
            if other is not field and other.name != field.name:
                yield f"{other.name} and {field.name} are both called {part}: rename one of the two"


def _reason(field: Field, resource: Resource) -> str | None:
    own = {field.name, field.attribute}
    otherwise = f"call it otherwise, such as {resource.singular}_{field.attribute}"
    if resource.owner and own & {resource.owner, resource.owner_field}:
        return "it is the account that owns the row, by --owned: call it otherwise, such as assignee"
    if own & _EVERY_RESOURCE_HAS:
        return "every resource has it: leave it out"
    if not NAME.fullmatch(field.attribute):
        return "a column has small letters, digits and underscores: rename it, such as first_name"
    if keyword.iskeyword(field.attribute):
        return f"it is a word of Python: {otherwise}"
    if field.name in SQL:
        return f"it is a word of SQL: {otherwise}"
    if methods := own & _methods():
        return f"every model has a method {min(methods)}: {otherwise}"
    if field.attribute in MODEL_FUNCTIONS:
        return f"models call a function {field.attribute}: {otherwise}"
    if class_name(field.name) in {"Changes", "Id", "IdInPath"}:
        return f"the document needs the name {resource.model}{class_name(field.name)}: {otherwise}"
    return None


def _methods() -> frozenset[str]:
    from models.record import Record

    return frozenset(name for name in dir(Record) if not name.startswith("_")) - _EVERY_RESOURCE_HAS


def _wrong_plural(resource: Resource) -> Iterator[str]:
    name = resource.plural
    functions = {f"{kind}_{resource.singular}" for kind in ("create", "get", "update", "delete", "present", "make")}
    reason = _first(
        (keyword.iskeyword(name), "it is a word of Python"),
        (name in SQL, "it is a word of SQL"),
        (name in _YAML, "it is a word of YAML"),
        (name in _BUILT_IN, "Python has a function of this name"),
        (name in IMPORTED | VARIABLES | functions, f"the code has another {name}"),
        (name == "presenters", "handlers/presenters is the folder of all presenters"),
    )
    if reason:
        yield f"{name} cannot be the name of a resource: {reason}: choose another one, such as shop_{name}"


def _wrong_singular(resource: Resource) -> Iterator[str]:
    one, model = resource.singular, resource.model
    reason = _first(
        (keyword.iskeyword(one) or keyword.iskeyword(model), "it is a word of Python"),
        (one in _YAML, "it is a word of YAML"),
        (one in _BUILT_IN, f"Python has a function {one}"),
        (model in _BUILT_IN, f"its model would be called {model}, which is a class of Python"),
        (one in IMPORTED | VARIABLES, f"the code has another {one}"),
        (model in IMPORTED, f"its model would be called {model}, and the code has another {model}"),
    )
    if reason:
        yield f"{one} cannot be the singular: {reason}: choose another one, such as --singular shop_{one}"


def wrong_parameters(resource: Resource, operations: Sequence[str]) -> Iterator[str]:
    """Yield why a parameter of an operation cannot be an argument of its handler, and what to do."""
    own = {"body", "context", "page", resource.plural, f"present_{resource.singular}"}
    for operation in resource.operations:
        for name, _ in operation.parameters if operation.name in operations else ():
            reason = _first(
                (not name.isidentifier(), "it is no name of Python"),
                (keyword.iskeyword(name), "it is a word of Python"),
                (name in IMPORTED | own, f"the handler has another {name}"),
            )
            if reason:
                yield f"{name}, a parameter of {operation.name}, cannot be an argument: {reason}: rename it"


def _first(*pairs: tuple[bool, str]) -> str | None:
    return next((text for applies, text in pairs if applies), None)
