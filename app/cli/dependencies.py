"""The dependencies of the services in a command, which has the document but no server."""

from functools import lru_cache

from app.cli.project import current_project
from app.clock import system_clock
from app.config import Config
from app.context.dependencies import Dependencies
from app.declared_errors import Declaration
from app.factory import build_dependencies
from app.pipeline.contract_files import catalogue
from app.pipeline.project_parts import ProjectParts, load_parts
from app.resources import OPENAPI
from app.spec.catalogue import Catalogue
from app.spec.document import DocumentError
from app.spec.document.error_codes import read_error_codes
from app.spec.permissions import load_permissions
from app.spec.settings_file import load_declarations


def built_in_permissions() -> dict[str, tuple[str, ...]]:
    """Return every permission of the document, with the built-in roles that hold it besides admin.

    Raises:
        DocumentError: permissions.yaml is wrong.
    """
    return {name: permission.roles for name, permission in load_permissions(_files("permissions.yaml")).items()}


def dependencies_for(config: Config) -> Dependencies:
    """Return the dependencies of the services, as in the server.

    Raises:
        DocumentError: permissions.yaml or settings.yaml is wrong, or the code of the project.
    """
    permissions = load_permissions(_files("permissions.yaml"))
    described = {name: permission.description for name, permission in permissions.items()}
    declarations = load_declarations(_files("settings.yaml"))
    return build_dependencies(config, described, declarations, clock=system_clock, hooks=project_parts().hooks)


def declared_errors() -> dict[str, Declaration]:
    """Return what errors.yaml says, by code."""
    found = _files("errors.yaml")
    codes, _ = read_error_codes((path, str(path)) for path in (found.base, found.own) if path)
    return codes


@lru_cache
def project_parts() -> ProjectParts:
    """Return what the code of the project adds beside its handlers; nothing outside of a project.

    Raises:
        DocumentError: with every fault of its models, hooks and chores.
    """
    parts, faults = load_parts(current_project())
    if faults:
        raise DocumentError(faults)
    return parts


def _files(name: str) -> Catalogue:
    return catalogue(name, OPENAPI / "openapi.yaml", current_project())
