"""The contract that is served: the document, its policies and the handlers, checked against each other at start."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from app import resources
from app.cache.tags import KnownTags
from app.config import Config
from app.context.setting_declarations import SettingDeclarations
from app.pipeline.matching import find_handlers, match_operations
from app.pipeline.operation import Handler, MatchedOperation
from app.spec.checks.examples import check_examples
from app.spec.checks.generators import check_generators
from app.spec.checks.links import check_links
from app.spec.document import Document, DocumentError, Fault, load, meta_schema_faults, pattern_faults
from app.spec.events import DeclaredEvent, load_events
from app.spec.journeys import journey_faults
from app.spec.password_lengths import set_password_lengths
from app.spec.permissions import Permission, load_permissions
from app.spec.policies import read_policies
from app.spec.policy import Policy
from app.spec.settings_file import load_declarations, undeclared_settings

OPENAPI = resources.OPENAPI


FindHandlers = Callable[[Mapping[str, Policy]], tuple[dict[str, Handler], list[Fault]]]


@dataclass(frozen=True, slots=True)
class ContractFiles:
    """What was read from the files of a document.

    Attributes:
        settings_file: the path of settings.yaml, for faults.
    """

    document: Document
    permissions: Mapping[str, Permission]
    events: Mapping[str, DeclaredEvent]
    declarations: SettingDeclarations
    settings_file: Path


@dataclass(frozen=True, slots=True)
class Contract:
    """The document and the handlers, checked (law 1).

    Attributes:
        policies: of every operation, by operationId.
        permissions: the description of every permission.
        operations: each operation matched with its handler, by operationId.
    """

    document: Document
    policies: Mapping[str, Policy]
    permissions: Mapping[str, str]
    setting_declarations: SettingDeclarations
    operations: Mapping[str, MatchedOperation]

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
    thorough: bool = False,
    served: bool = False,
) -> Contract:
    """Read the document, find the handlers, and check each against the other. Every fault here prevents a start.

    Args:
        document: the root file; permissions.yaml, events.yaml and settings.yaml are beside it.
        handlers_package: has a module for each tag.
        thorough: also report what works, but tells clients less than it should (see `read_policies`), cannot be used
            by code generators, has a wrong link or example, or does not fit journeys.yaml.
        served: write the limits of the configuration into the document, as a server shows and applies them.

    Raises:
        DocumentError: with every fault of the files where one cannot be read, else with every fault of the document,
            of its policies and of the handlers together.
    """
    settings_file = document.parent / "settings.yaml"
    loaded, permissions, events, declarations = all_or_faults(
        lambda: load(document),
        lambda: load_permissions(document.parent / "permissions.yaml"),
        lambda: load_events(document.parent / "events.yaml"),
        lambda: load_declarations(settings_file),
    )
    files = ContractFiles(loaded, permissions, events, declarations, settings_file)
    return check_contract(
        config, files, partial(find_handlers, package=handlers_package), thorough=thorough, served=served
    )


def check_contract(
    config: Config, files: ContractFiles, find: FindHandlers, *, thorough: bool = False, served: bool = False
) -> Contract:
    """Check what was read, and the handlers, against each other.

    Args:
        find: returns the handlers of the operations by operationId, and the faults that this shows.
        thorough, served: as of `read_contract`.

    Raises:
        DocumentError: with every fault.
    """
    loaded, permissions, declarations = files.document, files.permissions, files.declarations
    form_faults = meta_schema_faults(loaded) or list(pattern_faults(loaded))
    if served and not form_faults:
        set_password_lengths(loaded.bundle, minimum=config.password_min, maximum=config.password_max)
    try:
        policies, policy_faults = read_policies(
            loaded,
            permissions=permissions,
            events=files.events,
            buckets=config.buckets,
            recencies=config.recencies,
            lifetimes=config.lifetimes,
            thorough=thorough,
        )
        handlers, missing_handlers = find(policies)
        operations, mismatches = match_operations(loaded, policies, handlers)
        undeclared = undeclared_settings(declarations, policies, files.settings_file)
    except Exception:
        # A document that does not have the form of OpenAPI cannot always be read any further.
        if not form_faults:
            raise
        raise DocumentError(form_faults) from None
    faults = [*form_faults, *policy_faults, *missing_handlers, *mismatches, *undeclared]
    if thorough:
        faults += check_generators(loaded)
        faults += (*check_links(loaded), *check_examples(loaded)) if not form_faults else ()
        # Of a document with faults, a journey would only repeat them.
        faults += journey_faults(files.settings_file.parent / "journeys.yaml", loaded) if not faults else ()
    if faults:
        raise DocumentError(faults)
    return Contract(
        document=loaded,
        policies=policies,
        permissions={name: permission.description for name, permission in permissions.items()},
        setting_declarations=declarations,
        operations=operations,
    )


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
