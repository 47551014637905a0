"""What the code of a project adds beside its handlers: models, hooks on accounts and chores.

They are found by importing every module of the project's packages `models` and `services`.
"""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from peewee import Model

from app.context.account_hooks import AccountHooks, registrations
from app.context.chores import Chore, chore_of
from app.database.tables import PREFIX, is_charters, table_of
from app.pipeline.handlers import ModuleSearch
from app.project import Project
from app.spec.document import Fault, Place
from app.spec.document.sources import file_name
from app.spec.project_code import python_files
from models.record import database

_SERVICES = "services"


@dataclass(frozen=True, slots=True)
class ProjectParts:
    """What a project adds; nothing without a project.

    Attributes:
        models: one for each table, in the order of their names.
    """

    models: tuple[type[Model], ...] = ()
    hooks: AccountHooks = field(default_factory=AccountHooks)
    chores: tuple[Chore, ...] = ()


def load_parts(project: Project | None) -> tuple[ProjectParts, list[Fault]]:
    """Import the models and services of a project; return what they add, and every fault."""
    if project is None:
        return ProjectParts(), []
    search = ModuleSearch()
    model_modules = _modules(project, project.models, search)
    service_modules = _modules(project, _SERVICES, search)
    faults = search.faults
    models = _models(model_modules)
    faults += _model_faults(project, models)
    marked = list(_marked(service_modules))
    hooks = [function for function in marked if registrations(function)]
    chores = [function for function in marked if chore_of(function)]
    faults += _signature_faults(project, hooks, 2, "a hook is called with a Context and a User", "context, user")
    faults += _signature_faults(project, chores, 1, "a chore is called with a Context", "context")
    found = tuple(chore for chore in map(chore_of, chores) if chore)
    return ProjectParts(tuple(models), AccountHooks.of(hooks), found), faults


def _modules(project: Project, package: str, search: ModuleSearch) -> list[ModuleType]:
    """Return the modules of a package of the project, that of the package itself first."""
    single = project.root / f"{package}.py"
    files = [single] if single.is_file() else list(python_files(project.root / package))
    names = {_name(path.relative_to(project.root)) for path in files}
    found = [search.load(name, project.root) for name in sorted(names)]
    return [module for module in found if module]


def _name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _own(modules: list[ModuleType]) -> Iterator[Any]:
    """Yield what the modules define, and not what they import."""
    for module in modules:
        for value in list(vars(module).values()):
            if getattr(value, "__module__", None) == module.__name__:
                yield value


def _models(modules: list[ModuleType]) -> list[type[Model]]:
    """Return the models; one that others derive from has no table."""
    own = [value for value in _own(modules) if isinstance(value, type) and issubclass(value, Model)]
    return sorted(
        {model for model in own if not any(other is not model and issubclass(other, model) for other in own)},
        key=lambda model: (table_of(model), model.__qualname__),
    )


def _model_faults(project: Project, models: list[type[Model]]) -> Iterator[Fault]:
    by_table: dict[str, type[Model]] = {}
    for model in models:
        table, place = table_of(model), _place(project, model)
        if is_charters(table):
            yield Fault(
                place,
                f"The table {table} of the model {model.__name__} has a name that is Charter's.",
                f"Give it another name with `table_name`. Names that begin with {PREFIX} are Charter's, too.",
            )
        elif table in by_table:
            message = f"The models {by_table[table].__name__} and {model.__name__} have the same table, {table}."
            yield Fault(place, message, "Give one of them another name with `table_name`.")
        by_table.setdefault(table, model)
        if model._meta.database is not database:  # noqa: SLF001  # Peewee's public name
            message = f"The model {model.__name__} does not use the database of Charter."
            yield Fault(place, message, "Derive it from charter.models.Record.")


def _marked(modules: list[ModuleType]) -> Iterator[Callable[..., object]]:
    seen = set()
    for value in _own(modules):
        if (registrations(value) or chore_of(value)) and id(value) not in seen:
            seen.add(id(value))
            yield value


def _signature_faults(
    project: Project, functions: list[Callable[..., object]], number: int, rule: str, arguments: str
) -> Iterator[Fault]:
    for function in functions:
        name = getattr(function, "__name__", "it")
        if inspect.iscoroutinefunction(function):
            message = f"{name} is an async function, and {rule} on a thread."
            yield Fault(_place(project, function), message, "Remove `async`.")
            continue
        try:
            inspect.signature(function).bind(*[None] * number)
        except TypeError:
            message = f"{name} cannot be called: {rule}."
            yield Fault(_place(project, function), message, f"Write def {name}({arguments}).")


def _place(project: Project, thing: Any) -> Place:
    try:
        path, line = Path(inspect.getsourcefile(thing) or ""), inspect.getsourcelines(thing)[1]
    except (OSError, TypeError):
        return Place(file_name(project.pyproject, project.openapi), 1)
    return Place(file_name(path, project.openapi), line)
