"""Who may call an operation: x-permission, x-public, x-owner, x-step-up, and the security that must agree with them."""

from collections.abc import Iterator

from app.spec.checks.check import KnownNames
from app.spec.document import Fault
from app.spec.operation import Operation
from app.spec.policy import listed_permissions
from app.spec.suggestions import suggest, suggest_configured, unknown_permission


def check_access(operation: Operation, known: KnownNames) -> Iterator[Fault]:
    """Demand either x-permission, with permissions that exist, or x-public."""
    body, public = operation.body, "x-public" in operation.body
    if not public and "x-permission" not in body:
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
    """Demand that x-owner names a path parameter that is a UUID."""
    owner, place = operation.body.get("x-owner"), operation.where("x-owner")
    if owner is None:
        return
    parameter = operation.parameter(str(owner), "path")
    if parameter is None or owner not in operation.path_parameters:
        message = f"x-owner is {owner}, which is not a path parameter."
        fix = suggest(owner, operation.path_parameters, "Name the path parameter that holds the user's id.")
        yield Fault(place, message, fix)
    elif operation.resolved(parameter.get("schema")).get("format") != "uuid":
        message = f"x-owner is {owner}, whose schema is not a UUID."
        yield Fault(place, message, f"Add format: uuid to the schema of {owner}.")


def check_step_up(operation: Operation, known: KnownNames) -> Iterator[Fault]:
    """Demand that x-step-up names a recency of the configuration."""
    recency = operation.body.get("x-step-up")
    if recency is not None and str(recency) not in known.recencies:
        message = f"There is no recency {recency}."
        yield Fault(operation.where("x-step-up"), message, suggest_configured(recency, known.recencies))
