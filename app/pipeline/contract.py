"""The contract that is served: the document, its policies and the handlers, checked against each other at start."""

import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import structlog

from app import resources
from app.cache.tags import KnownTags
from app.config import Config
from app.context.setting_declarations import SettingDeclarations
from app.pipeline.contract_files import ContractFiles, read_files_partly
from app.pipeline.handlers import find_handlers
from app.pipeline.matching import match_operations
from app.pipeline.operation import Handler, MatchedOperation
from app.pipeline.project_parts import ProjectParts, load_parts
from app.pipeline.row_owners import owner_faults
from app.project import Project
from app.spec.absent_names import texts_with_absent_names
from app.spec.checks.defaults import check_defaults
from app.spec.document import Document, DocumentError, Fault, Faults, Incomplete, meta_schema_faults, pattern_faults
from app.spec.password_lengths import set_password_lengths
from app.spec.policies import read_policies
from app.spec.policy import Policy
from app.spec.project_code import check_project_code
from app.spec.raised_codes import raised_code_faults
from app.spec.settings_file import undeclared_settings
from app.spec.weakenings import Weakening, find_weakenings, weakening_faults, weakening_warnings

OPENAPI = resources.OPENAPI

log = structlog.get_logger("charter.document")

SecondOpinion = Callable[[Document, bool], Iterable[Fault]]
"""Takes a document, and whether its form is right as far as Charter can tell; if not, the form is not its matter."""

FindHandlers = Callable[[Mapping[str, Policy]], tuple[dict[str, Handler], list[Fault]]]


@dataclass(frozen=True, slots=True)
class Contract:
    """The document and the handlers, checked (law 1).

    Attributes:
        published: the document that clients get, without the operations that a project hides.
        policies: of every operation, by operationId.
        permissions: the description of every permission.
        operations: each operation matched with its handler, by operationId.
        warnings: what works, but should be known.
        weakenings: what the overlay of a project takes from the protection of Charter's operations.
        parts: what the code of a project adds beside its handlers.
    """

    document: Document
    published: Document
    policies: Mapping[str, Policy]
    permissions: Mapping[str, str]
    setting_declarations: SettingDeclarations
    operations: Mapping[str, MatchedOperation]
    warnings: Sequence[Fault] = ()
    weakenings: Sequence[Weakening] = ()
    parts: ProjectParts = field(default_factory=ProjectParts)

    @property
    def published_policies(self) -> dict[str, Policy]:
        """Return the policies of the operations that clients know, by operationId."""
        hidden = self.document.choices.hidden
        return {name: policy for name, policy in self.policies.items() if name not in hidden}

    @property
    def cached_tags(self) -> KnownTags:
        """Return the tags of the cached responses."""
        rules = [policy.cache for policy in self.policies.values() if policy.cache]
        return KnownTags(pair for rule in rules for pair in zip(rule.tags, rule.readers, strict=True))


def read_contract(
    config: Config,
    *,
    document: Path = OPENAPI / "openapi.yaml",
    handlers_package: str = resources.HANDLERS,
    project: Project | None = None,
    thorough: bool = False,
    second_opinion: SecondOpinion | None = None,
    served: bool = False,
) -> Contract:
    """Read the document, find the handlers, and check each against the other. Every fault here prevents a start.

    Args:
        document: the root file; permissions.yaml, events.yaml and settings.yaml are beside it.
        handlers_package: has a module for each tag.
        project: adds its document to this one, and has a package with the handlers of its operations.
        thorough: also report what works, but tells clients less than it should (see `read_policies`), cannot be used
            by code generators, has a wrong link or example, or does not fit journeys.yaml.
        second_opinion: returns what another program finds wrong with the document; what repeats a fault is left out.
        served: write the limits of the configuration into the document, as a server shows and applies them, and log
            the warnings.

    Raises:
        DocumentError: with every fault of the document, of its policies and of the handlers together; those that only
            follow from another are left out.
    """
    files = read_files_partly(document, project)
    parts, part_faults = load_parts(project)
    codes = files.document.errors
    find = partial(_find, package=handlers_package, project=project, codes=codes, part_faults=part_faults)
    contract = check_contract(
        config,
        files,
        find,
        thorough=thorough,
        second_opinion=second_opinion,
        served=served,
        parts=parts,
        part_faults=part_faults,
    )
    for warning in contract.warnings if served else ():
        log.warning("document", place=str(warning.place), problem=warning.message, fix=warning.fix)
    return contract


def _find(
    policies: Mapping[str, Policy],
    package: str,
    project: Project | None,
    codes: Collection[str],
    part_faults: Collection[Fault],
) -> tuple[dict[str, Handler], list[Fault]]:
    """Return the handlers and every fault of the code; after the import of the handlers, the models are known too."""
    handlers, faults = find_handlers(policies, package, project)
    if project:
        folders = [project.root]
    else:
        packages = [Path(folder) for folder in getattr(sys.modules.get(package), "__path__", ())]
        folders = [*packages, *(folder.parent / "services" for folder in packages)]
    broken = part_faults or any(fault.place.file.endswith(".py") for fault in faults)
    owners = owner_faults(policies, all_models=not broken)
    return handlers, [*faults, *owners, *raised_code_faults(folders, codes)]


def check_contract(
    config: Config,
    files: ContractFiles,
    find: FindHandlers,
    *,
    thorough: bool = False,
    second_opinion: SecondOpinion | None = None,
    served: bool = False,
    parts: ProjectParts = ProjectParts(),  # noqa: B008 (has none, and never changes)
    part_faults: Sequence[Fault] = (),
) -> Contract:
    """Check what was read, and the handlers, against each other.

    Args:
        find: returns the handlers of the operations by operationId, and the faults that this shows.
        thorough, second_opinion, served: as of `read_contract`.
        parts, part_faults: what `load_parts` returned.

    Raises:
        DocumentError: with every fault.
    """
    loaded, permissions, declarations = files.document, files.permissions, files.declarations
    faults = Faults(files.incomplete or Incomplete(loaded), files.faults)
    faults.add(lambda: meta_schema_faults(loaded) or pattern_faults(loaded), marks=True)
    well_formed = not faults.all
    if served and well_formed:
        set_password_lengths(loaded.bundle, minimum=config.password_min, maximum=config.password_max)
    policies: Mapping[str, Policy] = {}
    operations: Mapping[str, MatchedOperation] = {}
    weakenings: list[Weakening] = []

    def of_policies() -> list[Fault]:
        nonlocal policies
        policies, found = read_policies(
            loaded,
            permissions=permissions,
            events=files.events,
            buckets=config.buckets,
            recencies=config.recencies,
            lifetimes=config.lifetimes,
            thorough=thorough,
            incomplete=faults.incomplete,
        )
        return found

    def of_handlers() -> list[Fault]:
        nonlocal operations
        handlers, missing = find(policies)
        complete = {
            name: policy
            for name, policy in policies.items()
            if ("paths", policy.path, policy.method) not in faults.incomplete.pointers
        }
        operations, mismatches = match_operations(loaded, complete, handlers)
        return [*missing, *mismatches]

    def of_overlay() -> list[Fault]:
        nonlocal weakenings
        weakenings = find_weakenings(loaded)
        return list(weakening_faults(loaded, weakenings))

    faults.add(of_policies, elsewhere=True)
    faults.add(of_overlay, elsewhere=True)
    faults.add(of_handlers, elsewhere=True)
    if well_formed:
        faults.add(lambda: [fault for fault in check_defaults(loaded) if fault.place not in faults.places])
    if declarations is not None:
        faults.add(lambda: undeclared_settings(declarations, policies, files.settings.own))
    if files.project:
        project = files.project
        # A module that cannot be imported has been told by the handler that needs it.
        faults.add(lambda: [fault for fault in part_faults if fault.place not in faults.places])
        faults.add(lambda: check_project_code(project), elsewhere=True)
    if thorough:
        # A server asks none of this.
        from app.pipeline.contract_for_clients import add_faults_for_clients

        add_faults_for_clients(loaded, files, policies, faults, well_formed=well_formed)
    if second_opinion:
        faults.add_second_opinion(lambda: second_opinion(loaded, well_formed))
    if faults.all:
        raise DocumentError(map(faults.incomplete.blamed, faults.all))
    return Contract(
        document=loaded,
        published=loaded.published(),
        policies=policies,
        permissions={name: permission.description for name, permission in permissions.items()},
        setting_declarations=declarations,
        operations=operations,
        warnings=[
            *loaded.choices.warnings(policies),
            *weakening_warnings(loaded, weakenings),
            *(texts_with_absent_names(loaded) if thorough else ()),
        ],
        weakenings=weakenings,
        parts=parts,
    )
