"""Who may call an operation: x-permission, x-public, x-owner, x-step-up, and the security that must agree with them."""

from collections.abc import Iterator

from app.spec.checks.check import KnownNames
from app.spec.checks.extension_keys import misspelt_keys
from app.spec.document import Fault
from app.spec.operation import Operation
from app.spec.owned_rows import OwnedRow
from app.spec.policy import listed_permissions
from app.spec.suggestions import suggest, suggest_configured, unknown_permission


def check_access(operation: Operation, known: KnownNames) -> Iterator[Fault]:
    """Demand either x-permission, with permissions that exist, or x-public."""
    body, public = operation.body, "x-public" in operation.body
    if not public and "x-permission" not in body and not misspelt_keys(body) & {"x-permission", "x-public"}:
        message = f"{operation.name} does not say who may call it."
        yield Fault(operation.where(), message, "Add x-permission, or x-public: true.")
    if public:
        for key in ("x-permission", "x-owner", "x-step-up"):
            if key in body:
                message = f"{operation.name} is public, but has {key}."
                yield Fault(operation.where(key), message, f"Remove {key} or x-public.")
    for permission in listed_permissions(operation):
        if permission not in known.permissions:
            place = operation.where("x-permission")
            yield Fault(place, *unknown_permission(permission, known.permissions))


def check_security(operation: Operation, known: KnownNames) -> Iterator[Fault]:
    """Demand a token of a known scheme, without scopes; no token on a public operation."""
    security, place, name = operation.security, operation.where("security"), operation.name
    if "x-public" in operation.body:
        if security:
            yield Fault(place, f"{name} is public, but its security requires a token.", "Write security: [].")
        return
    if not security:
        message = f"{name} is not public, but its security requires no token."
        yield Fault(place, message, "Write security: [{bearer: []}], or x-public: true.")
    for requirement in security:
        if not requirement:
            yield Fault(place, f"The security of {name} is optional.", "Remove the empty alternative {}.")
        for scheme, scopes in requirement.items():
            if scheme not in known.security_schemes:
                message = f"There is no security scheme {scheme}."
                fix = suggest(scheme, known.security_schemes, "Declare it in components/securitySchemes.yaml.")
                yield Fault(place, message, fix)
            if scopes:
                message = f"The scopes of {scheme} are not checked: {', '.join(map(str, scopes))}."
                yield Fault(place, message, "Remove them, and use x-permission.")


def check_owner(operation: Operation, _: KnownNames) -> Iterator[Fault]:
    """Demand that x-owner names a path parameter that is a UUID, or a resource whose id is one."""
    owner, place = operation.body.get("x-owner"), operation.where("x-owner")
    if isinstance(owner, str):
        name, said = owner, f"x-owner is {owner}, "
        fix = "Name the path parameter that holds the user's id, or {resource: column} for a row that has an owner."
    elif isinstance(owner, dict) and (row := OwnedRow.of(owner)):
        name, said = row.parameter, f"x-owner names the resource {row.resource}, but {row.parameter} is "
        fix = f"Name the resource of a path parameter: {_resources(operation)}."
    elif isinstance(owner, dict):
        yield Fault(place, "x-owner must name one resource.", "Write {resource: column}, such as {project: owner_id}.")
        return
    else:
        return
    parameter = operation.parameter(name, "path")
    if parameter is None or name not in operation.path_parameters:
        what = "which is not a path parameter" if isinstance(owner, str) else "not a path parameter"
        if isinstance(owner, str):
            fix = suggest(owner, operation.path_parameters, fix)
        yield Fault(place, f"{said}{what}.", fix)
    elif operation.resolved(parameter.get("schema")).get("format") != "uuid":
        what = "whose schema is not a UUID" if isinstance(owner, str) else "not a UUID"
        yield Fault(place, f"{said}{what}.", f"Add format: uuid to the schema of {name}.")


def _resources(operation: Operation) -> str:
    named = [name.removesuffix("_id") for name in operation.path_parameters if name.endswith("_id")]
    return ", ".join(named) or "this path has none"


def check_step_up(operation: Operation, known: KnownNames) -> Iterator[Fault]:
    """Demand that x-step-up names a recency of the configuration."""
    recency = operation.body.get("x-step-up")
    if recency is not None and str(recency) not in known.recencies:
        message = f"There is no recency {recency}."
        yield Fault(operation.where("x-step-up"), message, suggest_configured(recency, known.recencies))
