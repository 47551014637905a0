"""What is served: the document, its policies, and the handlers, held against each other before anything starts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app import resources
from app.config import Config
from app.context.declarations import SettingDeclarations
from app.pipeline.fitting import Fitted, Handler, find_handlers, fit
from app.spec.document import Document, DocumentError, load, meta_schema_faults
from app.spec.events import load_events
from app.spec.permissions import load_permissions
from app.spec.policies import read_policies
from app.spec.policy import Policy
from app.spec.settings_file import load_declarations, undeclared_settings

OPENAPI = resources.OPENAPI


@dataclass(frozen=True, slots=True)
class Contract:
    """What the document and the handlers say, checked (law 1)."""

    document: Document
    policies: Mapping[str, Policy]
    catalogue: Mapping[str, str]
    declarations: SettingDeclarations
    handlers: Mapping[str, Handler]
    fitted: Mapping[str, Fitted]


def read_contract(
    config: Config,
    *,
    document: Path = OPENAPI / "openapi.yaml",
    handlers_package: str = "handlers",
    bench: bool = False,
    thorough: bool = False,
) -> Contract:
    """Read the document, find the handlers, and hold the one against the other: all that can stop a start for them.

    Args:
        thorough: also refuse what works, but tells clients less than it should: see `read_policies`.

    Raises:
        DocumentError: with every fault of the files where one cannot be read, else with every fault of the document,
            of its policies and of the handlers together.
    """
    configuration = document.parent / "settings.yaml"
    loaded, permissions, events, declarations = _all(
        lambda: load(document),
        lambda: load_permissions(document.parent / "permissions.yaml"),
        lambda: load_events(document.parent / "events.yaml"),
        lambda: load_declarations(configuration),
    )
    misshapen = meta_schema_faults(loaded)
    try:
        found, faults = read_policies(
            loaded,
            permissions=permissions,
            events=events,
            buckets=config.buckets,
            recencies=config.recencies,
            lifetimes=config.lifetimes,
            bench=bench,
            thorough=thorough,
        )
        handlers, missing = find_handlers(found, handlers_package)
        fitted, unfit = fit(loaded, found, handlers)
    except Exception:
        # What has not the form of OpenAPI cannot always be walked any further.
        if not misshapen:
            raise
        raise DocumentError(misshapen) from None
    if faults := [*misshapen, *faults, *missing, *unfit, *undeclared_settings(declarations, found, configuration)]:
        raise DocumentError(faults)
    return Contract(
        document=loaded,
        policies=found,
        catalogue={name: permission.description for name, permission in permissions.items()},
        declarations=declarations,
        handlers=handlers,
        fitted=fitted,
    )


def _all(*attempts: Callable[[], Any]) -> list[Any]:
    values, faults = [], []
    for attempt in attempts:
        try:
            values.append(attempt())
        except DocumentError as error:
            faults += error.faults
    if faults:
        raise DocumentError(faults)
    return values
