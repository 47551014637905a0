"""The handlers of the operations: found by name, Charter's in its own package and a project's in the project's.

A handler is the function named as the operationId, in the module named as the tag.
"""

import importlib
import inspect
import pkgutil
import re
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from app import resources
from app.exits import is_of_a_signal
from app.pipeline.operation import Handler
from app.project import Project
from app.spec.document import Fault, Place
from app.spec.document.sources import file_name
from app.spec.policy import Policy
from app.spec.suggestions import suggest

_NO_NAME = re.compile(r"cannot import name '(?P<name>\w+)' from '(?P<module>[\w.]+)'")


def find_handlers(
    policies: Mapping[str, Policy], package: str, project: Project | None = None
) -> tuple[dict[str, Handler], list[Fault]]:
    """Return the handler of every operation, and a fault for each one that is missing or cannot be imported.

    Args:
        package: that of Charter's operations; of all operations where there is no project.
        project: its package has the handlers of the other operations.
    """
    search, handlers = ModuleSearch(), {}
    for name, policy in policies.items():
        own = project if project and not policy.inherited else None
        holder = own.handlers if own else package
        imported = search.module(holder, policy.tag, own.root if own else resources.CODE)
        handler = getattr(imported, name, None)
        if callable(handler):
            handlers[name] = handler
        elif imported is not _BROKEN:
            or_else = ", or let charter scaffold write it" if own else ""
            fix = f"Write the function {name} in {holder.replace('.', '/')}/{policy.tag}.py{or_else}."
            fix = suggest(name, _unused_functions(imported, policies), fix)
            search.faults.append(Fault(policy.place, f"The operation {name} has no handler.", fix))
    return handlers, search.faults


def _unused_functions(module: ModuleType | None, policies: Mapping[str, Policy]) -> list[str]:
    """Return the functions of a module that are the handler of no operation, but could be."""
    return (
        [
            name
            for name, value in vars(module).items()
            if inspect.isfunction(value)
            and value.__module__ == module.__name__
            and name not in policies
            and name[0] != "_"
        ]
        if module
        else []
    )


def find_proposer(handler: Handler, name: str) -> Handler | None:
    """Return the function that proposes what a handler will return: `propose_` and its name, in the same module."""
    proposer = getattr(inspect.getmodule(handler), f"propose_{name}", None)
    return proposer if callable(proposer) else None


_BROKEN = ModuleType("broken")


@dataclass
class ModuleSearch:
    """Imports each module once."""

    faults: list[Fault] = field(default_factory=list)
    modules: dict[str, ModuleType | None] = field(default_factory=dict)

    def module(self, package: str, tag: str, root: Path) -> ModuleType | None:
        """Return a module; None if there is none, and an empty one if it cannot be imported.

        Args:
            root: the folder of the code, where an error can be corrected.
        """
        return self.load(f"{package}.{tag}", root)

    def load(self, name: str, root: Path) -> ModuleType | None:
        """Return a module by its dotted name, as `module` does."""
        if name not in self.modules:
            self.modules[name] = self._imported(name, name.rpartition(".")[0] or name, root)
        return self.modules[name]

    def _imported(self, name: str, package: str, root: Path) -> ModuleType | None:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name in (name, package):
                return None
            self._add(_import_fault(name, error, root))
        except BaseException as error:
            # Whatever the code of a project raises.
            if is_of_a_signal(error):
                raise
            self._add(_import_fault(name, error, root))
        return _BROKEN

    def _add(self, fault: Fault) -> None:
        """Add a fault, unless another module failed at the same line."""
        if not any(one.place == fault.place for one in self.faults):
            self.faults.append(fault)


def _import_fault(name: str, error: BaseException, root: Path) -> Fault:
    """Return the fault of a module that cannot be imported, at the last line of the project's own code."""
    lines = [
        (Path(frame.filename), frame.lineno or 1)
        for frame in traceback.extract_tb(error.__traceback__)
        if _is_in(Path(frame.filename), root)
    ]
    if isinstance(error, SyntaxError) and error.filename and _is_in(Path(error.filename), root):
        path, line = Path(error.filename), error.lineno or 1
        message, fix = f"This is not Python: {error.msg}.", "Correct the syntax."
    else:
        path, line = lines[-1] if lines else (root / f"{name.replace('.', '/')}.py", 1)
        if isinstance(error, ModuleNotFoundError):
            message, fix = f"There is no module {error.name}.", "Write it, install it, or correct its name."
        elif match := _NO_NAME.match(str(error)) if isinstance(error, ImportError) else None:
            message = f"There is no {match['name']} in {match['module']}."
            fix = suggest(match["name"], _names_in(match["module"]), "Write it there, or correct the name.", cutoff=0.6)
        else:
            about = f"{type(error).__name__}: {error}".partition("\n")[0].rstrip(".")
            message, fix = f"The module {name} cannot be imported: {about}.", "Correct this line."
    return Fault(Place(file_name(path, root / "openapi"), line), message, fix)


def _names_in(name: str) -> set[str]:
    """Return what can be imported from a module, its own modules included."""
    module = sys.modules.get(name)
    inner = pkgutil.iter_modules(getattr(module, "__path__", ()))
    return {*(each for each in dir(module) if each[0] != "_"), *(each.name for each in inner)} if module else set()


def _is_in(path: Path, root: Path) -> bool:
    """Return whether a file is code of this folder, and not of an environment in it."""
    if not path.is_relative_to(root):
        return False
    return not any(part.startswith(".") or part == "site-packages" for part in path.relative_to(root).parts)
