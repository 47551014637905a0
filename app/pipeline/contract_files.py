"""The files of the document and beside it, of one side or of both: read, with every fault."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.context.setting_declarations import SettingDeclarations
from app.project import Project
from app.spec.catalogue import Catalogue
from app.spec.document import Document, DocumentError, Fault, load
from app.spec.events import DeclaredEvent, load_events
from app.spec.journeys import journey_faults
from app.spec.permission_names import add_permission_names
from app.spec.permissions import Permission, load_permissions
from app.spec.settings_file import load_declarations


@dataclass(frozen=True, slots=True)
class ContractFiles:
    """What was read from the files of a document.

    Attributes:
        settings: the paths of settings.yaml, for faults.
        project: whose document it is; None for Charter's alone, or another one.
    """

    document: Document
    permissions: Mapping[str, Permission]
    events: Mapping[str, DeclaredEvent]
    declarations: SettingDeclarations
    settings: Catalogue
    project: Project | None = None

    def journey_faults(self) -> list[Fault]:
        """Return what is wrong with the journeys; those of Charter that no longer fit a project are left out."""
        return journey_faults(self.settings.own.parent / "journeys.yaml", self.document)


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
