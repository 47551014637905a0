"""The files of the document and beside it, of one side or of both: read, with every fault."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.context.setting_declarations import SettingDeclarations
from app.project import Project
from app.spec.catalogue import Catalogue
from app.spec.document import Document, DocumentError, Fault, Incomplete, load, load_partly
from app.spec.events import DeclaredEvent, load_events
from app.spec.permission_names import add_permission_names
from app.spec.permissions import Permission, load_permissions
from app.spec.settings_file import load_declarations


@dataclass(frozen=True, slots=True)
class ContractFiles:
    """What was read from the files of a document.

    Attributes:
        settings: the paths of settings.yaml, for faults.
        project: whose document it is; None for Charter's alone, or another one.
        incomplete: if the document has faults, the parts that cannot be judged because of them.
        faults: those of the files that could be read in part.
    """

    document: Document
    permissions: Mapping[str, Permission]
    events: Mapping[str, DeclaredEvent]
    declarations: SettingDeclarations
    settings: Catalogue
    project: Project | None = None
    incomplete: Incomplete | None = None
    faults: Sequence[Fault] = ()

    @property
    def journeys(self) -> Path:
        """The path of the journeys; those of Charter may no longer fit a project, and do not count there."""
        return self.settings.own.parent / "journeys.yaml"


def catalogue(name: str, document: Path, project: Project | None) -> Catalogue:
    """Return the paths of the catalogue with a file name.

    Args:
        document: the root file beside which it is; in a project, that of Charter.
    """
    return Catalogue(project.openapi / name, document.parent / name) if project else Catalogue(document.parent / name)


def read_files(document: Path, project: Project | None = None) -> ContractFiles:
    """Read a document and its catalogues.

    Args:
        document: the root file; permissions.yaml, events.yaml and settings.yaml are beside it.
        project: whose files are added.

    Raises:
        DocumentError: with every fault of every file.
    """
    settings = catalogue("settings.yaml", document, project)
    loaded, permissions, events, declarations = all_or_faults(
        lambda: load(project.document, base=document) if project else load(document),
        lambda: load_permissions(catalogue("permissions.yaml", document, project)),
        lambda: load_events(catalogue("events.yaml", document, project)),
        lambda: load_declarations(settings),
    )
    if project:
        add_permission_names(loaded, permissions)
    return ContractFiles(loaded, permissions, events, declarations, settings, project)


def read_files_partly(document: Path, project: Project | None = None) -> ContractFiles:
    """Read a document and its catalogues, as `read_files` does, but go on after a fault.

    Where a catalogue cannot be read, every name counts as known.

    Raises:
        DocumentError: nothing of the document can be checked any further.
    """
    faults: list[Fault] = []

    def read(load: Callable[[], Any], otherwise: Any) -> Any:
        try:
            return load()
        except DocumentError as error:
            faults.extend(error.faults)
            return otherwise

    settings = catalogue("settings.yaml", document, project)
    permissions = read(lambda: load_permissions(catalogue("permissions.yaml", document, project)), EveryName())
    events = read(lambda: load_events(catalogue("events.yaml", document, project)), EveryName())
    declarations = read(lambda: load_declarations(settings), None)
    incomplete = read(lambda: _load_partly(document, project, faults), None)
    if incomplete is None:
        raise DocumentError(faults)
    if project:
        add_permission_names(incomplete.document, permissions)
    return ContractFiles(
        incomplete.document, permissions, events, declarations, settings, project, incomplete, tuple(faults)
    )


def _load_partly(document: Path, project: Project | None, faults: list[Fault]) -> Incomplete:
    incomplete, found = load_partly(project.document, base=document) if project else load_partly(document)
    faults += found
    return incomplete


class EveryName(dict[str, Any]):
    """Stands for a catalogue that cannot be read: it has every name, so no use of one is a fault."""

    def __contains__(self, name: object) -> bool:
        return True


def all_or_faults(*reads: Callable[[], Any]) -> list[Any]:
    """Return the results of all reads, or raise one error with the faults of all that failed."""
    values, faults = [], []
    for read in reads:
        try:
            values.append(read())
        except DocumentError as error:
            faults += error.faults
    if faults:
        raise DocumentError(faults)
    return values
