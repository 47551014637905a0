"""The schemas that name a model with x-model: what both say of a column is the same."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator, Mapping
from typing import Any

import peewee

import models as own_models
from app.project import Project
from app.spec.document import Document, Fault, resolve
from app.spec.suggestions import suggest

_TYPES: tuple[tuple[type[peewee.Field], tuple[str, ...]], ...] = (
    (peewee.UUIDField, ("string", "uuid")),
    (peewee.DateTimeField, ("string", "date-time")),
    (peewee.DateField, ("string", "date")),
    (peewee.BooleanField, ("boolean",)),
    (peewee.BigIntegerField, ("integer",)),
    (peewee.IntegerField, ("integer",)),
    (peewee.FloatField, ("number",)),
    (peewee.DecimalField, ("number",)),
    (peewee.TextField, ("string",)),
    (peewee.CharField, ("string",)),
)
_LENGTH = r"(?:char_|character_)?length\(\s*\"?{column}\"?\s*\)\s*<=\s*(\d+)"
_VALUES = r"\"?{column}\"?\s+IN\s+\(([^)]*)\)"
_MAX_INT32 = 2**31 - 1


def known_models(project: Project | None) -> dict[str, type[peewee.Model]]:
    """Return the models of Charter and of a project, by name.

    Raises:
        Exception: the code of the project cannot be imported.
    """
    found = {name: getattr(own_models, name) for name in own_models.__all__}
    if project and (project.root / project.models.replace(".", "/")).is_dir():
        package = importlib.import_module(project.models)
        names = [module.name for module in pkgutil.iter_modules(package.__path__, f"{project.models}.")]
        for module in (package, *map(importlib.import_module, names)):
            found |= {name: value for name, value in vars(module).items() if _is_model_of(value, module.__name__)}
    return found


def _is_model_of(value: Any, module: str) -> bool:
    return inspect.isclass(value) and issubclass(value, peewee.Model) and value.__module__ == module


def check_models(document: Document, models: Mapping[str, type[peewee.Model]]) -> Iterator[Fault]:
    """Yield a fault for each property that does not say what the column of its name says."""
    for name, model_name in document.models.items():
        pointer = ("components", "schemas", name)
        model = models.get(str(model_name))
        if model is None:
            fix = suggest(model_name, models, "Write the name of a class in models/.")
            yield Fault(document.where((*pointer, "x-model")), f"There is no model {model_name}.", fix)
            continue
        columns = {field.column_name: field for field in _meta(model).sorted_fields}
        schema = document.bundle["components"]["schemas"][name]
        properties = schema.get("properties")
        for key, value in properties.items() if isinstance(properties, dict) else ():
            if key in columns:
                for message in _differences(_merged(document.bundle, value), columns[key]):
                    place = document.where((*pointer, "properties", key))
                    problem = f"{key} of {name} {message} in {_place(model, columns[key])}."
                    yield Fault(place, problem, "Make them equal; a changed column needs a migration.")


def _merged(bundle: Mapping[str, Any], node: Any) -> dict[str, Any]:
    """Return the keywords of a schema with those of the schemas that it is made of."""
    schema = resolve(bundle, node)
    if not isinstance(schema, dict):
        return {}
    merged: dict[str, Any] = {}
    for part in schema.get("allOf", ()):
        merged |= _merged(bundle, part)
    return {**merged, **schema}


def _differences(schema: Mapping[str, Any], field: peewee.Field) -> Iterator[str]:
    if (nullable := bool(schema.get("nullable"))) != bool(field.null):
        yield "can be null, and the column cannot" if nullable else "is never null, and the column can be"
    found = schema.get("type"), schema.get("format")
    expected = next((shape for kind, shape in _TYPES if isinstance(field, kind)), None)
    if found[0] is None or expected is None or isinstance(field, peewee.ForeignKeyField):
        return
    if found[: len(expected)] != expected:
        yield f"is {_words(found)}, and the column is {_words(expected)}"
        return
    if _is_int32(field) and schema.get("maximum", 0) > _MAX_INT32:
        yield f"may be {schema['maximum']}, and the column has 32 bits"
    length = _length(field)
    if length is not None and schema.get("maxLength") != length and "enum" not in schema and found[0] == "string":
        stated = schema.get("maxLength")
        most = f"may have {stated} characters" if stated is not None else "may have any number of characters"
        yield f"{most}, and the column {length}"
    values = _values(field)
    if values is not None and {value for value in schema.get("enum", ()) if value is not None} != values:
        listed = ", ".join(map(str, schema["enum"])) if "enum" in schema else "any value"
        yield f"is {listed}, and the column {', '.join(sorted(map(str, values)))}"


def _words(shape: tuple[Any, ...]) -> str:
    return " ".join(str(word) for word in shape if word)


def _is_int32(field: peewee.Field) -> bool:
    return isinstance(field, peewee.IntegerField) and not isinstance(field, peewee.BigIntegerField)


def _length(field: peewee.Field) -> int | None:
    if isinstance(field, peewee.CharField):
        return int(field.max_length)
    match = _constraint(field, _LENGTH)
    return int(match[1]) if match else None


def _values(field: peewee.Field) -> set[Any] | None:
    if field.choices:
        return {value for value, _ in field.choices}
    match = _constraint(field, _VALUES)
    return set(re.findall(r"'([^']*)'", match[1])) if match else None


def _constraint(field: peewee.Field, pattern: str) -> re.Match[str] | None:
    of_table = getattr(_meta(field.model), "constraints", None) or ()
    for constraint in (*(field.constraints or ()), *of_table):
        text = str(getattr(constraint, "sql", ""))
        if found := re.search(pattern.format(column=re.escape(field.column_name)), text, re.IGNORECASE):
            return found
    return None


def _place(model: type[peewee.Model], field: peewee.Field) -> str:
    """Return the file and line of a field; of its class if it is defined elsewhere."""
    lines, start = inspect.getsourcelines(model)
    offset = next((index for index, line in enumerate(lines) if re.match(rf"\s+{field.name}\b", line)), 0)
    return f"{model.__module__.replace('.', '/')}.py:{start + offset}"


def _meta(model: type[peewee.Model]) -> Any:
    """Return what Peewee knows of a model."""
    return model._meta  # noqa: SLF001  # Peewee has no other way to it
