"""The contract of the mock: the document alone is enough, and an operation without a handler gets one.

A document that is only one file, such as a downloaded openapi.json, has no permissions.yaml, events.yaml or
settings.yaml beside it. What these say of Charter's own names is then taken from the release, and other names have no
description and belong to the role admin alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app import resources
from app.config import Config
from app.mock.examples import NoExampleError, ResponseExamples
from app.mock.resources import Resource, first_items
from app.mock.samples import Samples
from app.mock.shapes import Shape, shape_of
from app.mock.tables import Item
from app.pipeline.arguments import SignatureMismatch, check_signature
from app.pipeline.contract import Contract, check_contract
from app.pipeline.contract_files import ContractFiles, all_or_faults, read_files
from app.pipeline.handlers import find_handlers
from app.pipeline.operation import Handler
from app.project import Project
from app.spec.catalogue import Catalogue
from app.spec.document import Document, Fault, load, nodes, resolve
from app.spec.events import DeclaredEvent, load_events
from app.spec.operation import operations
from app.spec.permissions import Permission, load_permissions
from app.spec.policy import Policy, listed_permissions
from app.spec.settings_file import load_declarations
from app.spec.validation import schemas

_HANDLERS = f"{__package__}.handlers"
_NO_DESCRIPTION = "The document has no description of it."


@dataclass(frozen=True, slots=True)
class MockContract:
    """The contract, and what the mock adds to it.

    Attributes:
        permissions: every permission with the built-in roles that hold it.
        examples: of the responses of every operation, by operationId.
        items: the first items of the resources that only the document describes.
        path_examples: the example of each path parameter, by its name.
    """

    contract: Contract
    permissions: Mapping[str, Permission]
    examples: Mapping[str, ResponseExamples]
    items: Mapping[tuple[str, str], Item]
    path_examples: Mapping[str, Any]


def read_mock_contract(config: Config, path: Path, *, seed: int, project: Project | None = None) -> MockContract:
    """Read a document for the mock. Operations that a project hides are not part of it.

    Args:
        path: its root file.
        seed: decides what is made up.
        project: adds its document to Charter's, which `path` then names.

    Raises:
        DocumentError: with every fault.
    """
    files = read_files(path, project) if project else _read_any_files(path)
    files = replace(files, document=files.document.published())
    makers = _Makers(files.document, Samples(files.document.bundle, seed))
    contract = check_contract(config, files, makers.handlers, served=True)
    return MockContract(contract, files.permissions, makers.examples, makers.items, makers.path_examples)


class _Makers:
    """Makes the handlers and examples of a document."""

    def __init__(self, document: Document, samples: Samples) -> None:
        self._document, self._samples = document, samples
        self.examples: dict[str, ResponseExamples] = {}
        self.items: dict[tuple[str, str], Item] = {}
        self.path_examples = _path_examples(document)

    def handlers(self, policies: Mapping[str, Policy]) -> tuple[dict[str, Handler], list[Fault]]:
        """Return a handler for every operation: ours if its signature is right, else one made from the document."""
        bundle = self._document.bundle
        ours, _ = find_handlers(policies, _HANDLERS)
        methods = {path: frozenset(item) for path, item in bundle["paths"].items()}
        handlers, faults = {}, []
        for operation in operations(self._document):
            policy = policies.get(operation.body.get("operationId", ""))
            if policy is None:
                continue
            name = policy.operation_id
            examples = self.examples[name] = ResponseExamples(bundle, operation.body, policy, self._samples)
            shape = shape_of(operation, policy, methods)
            if name in ours and _fits(ours[name], shape):
                handlers[name] = ours[name]
                continue
            try:
                success = examples.find()
            except NoExampleError as error:
                faults.append(Fault(policy.place, str(error), "Add an example of its success."))
                continue
            validator = schemas.compile(bundle, shape.data_schema, direction="response") if shape.data_schema else None
            handlers[name] = Resource(shape, examples, validator).handler
            for key, item in first_items(shape, success.body, self.path_examples).items():
                # An example of the whole list says more than the one of an item.
                if shape.role == "list" or key not in self.items:
                    self.items[key] = item
        return handlers, faults


def _fits(handler: Handler, shape: Shape) -> bool:
    try:
        check_signature(handler, parameters=frozenset(shape.arguments), has_body=shape.has_body, cached=shape.cached)
    except SignatureMismatch:
        return False
    return True


def _read_any_files(path: Path) -> ContractFiles:
    """Read a document that need not have catalogues beside it."""
    (document,) = all_or_faults(lambda: load(path))
    permissions, events, declarations = all_or_faults(
        lambda: _permissions(document, path.parent / "permissions.yaml"),
        lambda: _events(document, path.parent / "events.yaml"),
        lambda: load_declarations(_beside_or_ours(path.parent / "settings.yaml")),
    )
    return ContractFiles(document, permissions, events, declarations, Catalogue(path.parent / "settings.yaml"))


def _beside_or_ours(path: Path) -> Path:
    return path if path.is_file() else resources.OPENAPI / path.name


def _permissions(document: Document, path: Path) -> dict[str, Permission]:
    if path.is_file():
        return load_permissions(path)
    known = load_permissions(_beside_or_ours(path))
    enum = document.bundle.get("components", {}).get("schemas", {}).get("PermissionName", {}).get("enum", [])
    used = {name for operation in operations(document) for name in listed_permissions(operation)}
    written = [node.mapping.get("x-write-permission") for node in nodes(document.bundle)]
    names = sorted({*map(str, enum), *used, *(str(name) for name in written if name)})
    place = document.where(())
    return {name: known.get(name, Permission(_NO_DESCRIPTION, (), place)) for name in names}


def _events(document: Document, path: Path) -> dict[str, DeclaredEvent]:
    if path.is_file():
        return load_events(path)
    names = {str(operation.body["x-audit"]) for operation in operations(document) if "x-audit" in operation.body}
    return {name: DeclaredEvent(_NO_DESCRIPTION, False, document.where(())) for name in sorted(names)}


def _path_examples(document: Document) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for operation in operations(document):
        for parameter in operation.parameters:
            example = parameter.get("example", resolve(document.bundle, parameter.get("schema", {})).get("example"))
            if parameter["in"] == "path" and example is not None:
                found.setdefault(parameter["name"], example)
    return found
