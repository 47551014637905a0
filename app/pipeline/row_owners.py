"""The part of the session statement that finds the owner of a row (x-owner with a resource).

It is written at start. Its identifiers come from the models, are checked and quoted.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from peewee import CompositeKey, ForeignKeyField, Model, UUIDField

from app.spec.document import Fault
from app.spec.owned_rows import OwnedRow
from app.spec.policy import Policy
from models import User

_IDENTIFIER = re.compile("[a-z_][a-z0-9_]{0,62}")
_ENDS_WITH_ACCOUNT = ("CASCADE", "SET NULL")
# No account has this id. A row without an owner, or no row at all, has it as its owner, and nobody is that.
_NOBODY = f"'{UUID(int=0)}'::uuid"


class OwnerFault(Exception):
    """The owner of a row cannot be found in the way that x-owner says.

    Attributes:
        message, fix: as in `Fault`.
        no_model: whether the model is not there.
    """

    def __init__(self, message: str, fix: str, *, no_model: bool = False) -> None:
        self.message, self.fix, self.no_model = message, fix, no_model
        super().__init__(f"{message} {fix}")


def owner_faults(policies: Mapping[str, Policy], *, all_models: bool = True) -> Iterator[Fault]:
    """Yield a fault for each x-owner whose resource, column or members are not those of a model.

    Args:
        all_models: whether every module could be imported; if not, a model may be missing because of that.
    """
    for policy in policies.values():
        if policy.owned_row is not None:
            try:
                owner_sql(policy.owned_row, "%s", "%s")
            except OwnerFault as fault:
                if fault.no_model and not all_models:
                    continue
                yield Fault(policy.place, f"x-owner of {policy.operation_id}: {fault.message}", fault.fix)


def owner_sql(row: OwnedRow, row_id: str, caller: str) -> str:
    """Return the expression for the owner: an account, or the caller if they are a member; else nobody.

    It reads one row by its primary key, and with `through` one row by a unique index.

    Args:
        row_id: the expression for the id of the row, a uuid.
        caller: the expression for the account that calls.

    Raises:
        OwnerFault: the models do not have what x-owner names.
    """
    model = _model_of(row.resource)
    meta = _meta(model)
    table, key = _table(model), _key(model)
    if row.through is None:
        column = _owner_column(model, row)
        return f"COALESCE((SELECT {column} FROM {table} WHERE {key} = {row_id}), {_NOBODY})"  # noqa: S608
    member = _model_of(row.through)
    group, account = _group_of(model, row), _only_link(member, User, row.through)
    link = _only_link(member, group, row.through)
    _check_unique(member, {link, account}, row.through)
    column = _quoted(meta.columns[row.column].column_name)
    named, whose = _quoted(link.column_name), _quoted(account.column_name)
    return (
        f"COALESCE((SELECT m.{whose} FROM {table} r JOIN {_table(member)} m ON m.{named} = r.{column}"  # noqa: S608
        f" WHERE r.{key} = {row_id} AND m.{whose} = {caller}), {_NOBODY})"
    )


def existence_sql(row: OwnedRow, row_id: str) -> str:
    """Return the expression that tells whether the row with this id exists."""
    model = _model_of(row.resource)
    return f"EXISTS (SELECT FROM {_table(model)} WHERE {_key(model)} = {row_id})"


def _model_of(resource: str) -> type[Model]:
    found = {model for model in _subclasses(Model) if _resource_of(model) == resource}
    name = "".join(word.capitalize() for word in resource.split("_"))
    if not found:
        fix = f"Write it in models/{resource}.py, and import it in a service."
        raise OwnerFault(f"there is no model {name}.", fix, no_model=True)
    if len(found) > 1:
        modules = " and ".join(sorted(model.__module__ for model in found))
        raise OwnerFault(f"there are several models {name}, in {modules}.", "Rename one of them.")
    return found.pop()


def _subclasses(model: type[Model]) -> Iterator[type[Model]]:
    for subclass in model.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


def _resource_of(model: type[Model]) -> str:
    return re.sub("(?<!^)(?=[A-Z])", "_", model.__name__).lower()


def _owner_column(model: type[Model], row: OwnedRow) -> str:
    field = _field(model, row)
    if not isinstance(field, ForeignKeyField) or field.rel_model is not User:
        message = f"{model.__name__}.{field.name} is not a foreign key to User."
        raise OwnerFault(message, f"Name such a column, or make it: {field.name} = ForeignKeyField(User, ...).")
    _check_deletion(model, field)
    return _quoted(field.column_name)


def _group_of(model: type[Model], row: OwnedRow) -> type[Model]:
    """Return the model whose members count: the row's own, or the one that its column refers to."""
    field = _field(model, row)
    meta = _meta(model)
    if field is meta.primary_key:
        return model
    if isinstance(field, ForeignKeyField):
        group: type[Model] = field.rel_model
        return group
    message = f"{model.__name__}.{field.name} is neither the id nor a foreign key."
    raise OwnerFault(message, "Name the column that says whose members may use the row.")


def _field(model: type[Model], row: OwnedRow) -> Any:
    meta = _meta(model)
    field = meta.columns.get(row.column)
    if field is None:
        listed = ", ".join(name for name, one in meta.columns.items() if isinstance(one, ForeignKeyField))
        message = f"the table {meta.table_name} has no column {row.column}."
        raise OwnerFault(message, f"Name one of its columns; foreign keys are {listed or 'missing'}.")
    return field


def _only_link(member: type[Model], target: type[Model], resource: str) -> Any:
    meta = _meta(member)
    links = [field for field in meta.sorted_fields if isinstance(field, ForeignKeyField) and field.rel_model is target]
    if len(links) != 1:
        message = f"the model of {resource} has {len(links)} foreign keys to {target.__name__}, not one."
        raise OwnerFault(message, "Name a model that joins an account to what it belongs to.")
    if target is User:
        _check_deletion(member, links[0])
    return links[0]


def _check_deletion(model: type[Model], field: Any) -> None:
    if str(field.on_delete or "").upper() not in _ENDS_WITH_ACCOUNT:
        message = f"{model.__name__}.{field.name} keeps its account from being deleted."
        raise OwnerFault(message, 'Add on_delete="CASCADE" or "SET NULL", in the model and in the table.')


def _check_unique(member: type[Model], fields: set[Any], resource: str) -> None:
    meta = _meta(member)
    names = {field.name for field in fields}
    keys = [set(meta.primary_key.field_names)] if isinstance(meta.primary_key, CompositeKey) else []
    keys += [set(columns) for columns, unique in meta.indexes if unique]
    columns = {field.column_name for field in fields}
    if names not in keys and columns not in keys:
        message = f"the model of {resource} can have the same member twice."
        raise OwnerFault(message, f"Make {' and '.join(sorted(names))} unique together.")


def _meta(model: type[Model]) -> Any:
    return model._meta  # noqa: SLF001  # this is where Peewee documents tables, columns and keys


def _key(model: type[Model]) -> str:
    meta = _meta(model)
    if not isinstance(meta.primary_key, UUIDField):
        raise OwnerFault(f"the key of the model {model.__name__} is not a UUID.", "Derive the model from Record.")
    return _quoted(meta.primary_key.column_name)


def _table(model: type[Model]) -> str:
    meta = _meta(model)
    parts = (meta.schema, meta.table_name) if meta.schema else (meta.table_name,)
    return ".".join(map(_quoted, parts))


def _quoted(name: str) -> str:
    """Return an identifier in quotes; only plain ones are accepted, so nothing in it can end the quotes."""
    if not _IDENTIFIER.fullmatch(name):
        raise OwnerFault(f"{name} is not a plain name of a table or column.", "Use a-z, 0-9 and _ only.")
    return f'"{name}"'
