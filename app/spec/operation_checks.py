"""What must hold of every operation before it is served (law 1): one function for each rule or group of rules.

A check yields a fault at each line to mend. Those of FORM come first: without them an operation cannot be held against
its handler.
"""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from app.spec.cache_rules import cached, invalidating
from app.spec.document import Fault
from app.spec.idempotency_checks import idempotent
from app.spec.operation import Operation
from app.spec.page_checks import paginated
from app.spec.policy import listed_permissions
from app.spec.spelling import choose, fix
from app.spec.sunset import sunset

_SNAKE_CASE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Names:
    """The names that x- keys may mention.

    Attributes:
        events: those of events.yaml.
        buckets: rate limits in the settings.
        recencies: step-ups in the settings.
        lifetimes: cache policies in the settings.
        tags: tags that the root document declares.
        schemes: security schemes of the components.
    """

    permissions: Collection[str]
    events: Collection[str]
    buckets: Collection[str]
    recencies: Collection[str]
    lifetimes: Collection[str]
    tags: Collection[str]
    schemes: Collection[str]

    def unknown_permission(self, name: str) -> tuple[str, str]:
        """Return what is wrong with a permission that there is not, and what to do about it."""
        return f"There is no permission {name}.", fix(name, self.permissions, "Add it to permissions.yaml.")


def _identity(operation: Operation, names: Names) -> Iterator[Fault]:
    body = operation.body
    name = body.get("operationId")
    if name is None:
        yield Fault(
            operation.where(), f"{operation.name} has no operationId.", "Name it; its handler has the same name."
        )
    elif not isinstance(name, str) or not _SNAKE_CASE.fullmatch(name):
        place = operation.where("operationId")
        yield Fault(place, f"The operationId {name} is not snake_case.", "Write it like get_user.")
    tags, place = body.get("tags"), operation.where("tags")
    if not isinstance(tags, list) or len(tags) != 1:
        yield Fault(place, f"{operation.name} must have exactly one tag.", "Name it; it names the handlers' module.")
    elif tags[0] not in names.tags:
        yield Fault(place, f"The tag {tags[0]} is not declared.", "Add it to `tags` of the root document.")


def _responses(operation: Operation, _: Names) -> Iterator[Fault]:
    responses = operation.body.get("responses")
    if not isinstance(responses, dict) or not responses:
        yield Fault(operation.where("responses"), f"{operation.name} documents no responses.", "Write them by status.")


def _access(operation: Operation, names: Names) -> Iterator[Fault]:
    body, public = operation.body, "x-public" in operation.body
    if not public and "x-permission" not in body:
        problem = f"{operation.name} does not say who may call it."
        yield Fault(operation.where(), problem, "Add x-permission, or x-public: true.")
    if public:
        for key in ("x-permission", "x-owner", "x-step-up"):
            if key in body:
                place = operation.where(key)
                yield Fault(place, f"{operation.name} is public and has {key}.", f"Remove {key} or x-public.")
    for permission in listed_permissions(operation):
        if permission not in names.permissions:
            yield Fault(operation.where("x-permission"), *names.unknown_permission(permission))


def _security(operation: Operation, names: Names) -> Iterator[Fault]:
    security, place, name = operation.security, operation.where("security"), operation.name
    if "x-public" in operation.body:
        if security:
            yield Fault(place, f"{name} is public and demands a token.", "Write security: [].")
        return
    if not security:
        yield Fault(place, f"{name} demands no token.", "Write security: [{bearer: []}], or x-public: true.")
    for requirement in security:
        if not requirement:
            yield Fault(place, f"The security of {name} is optional.", "Remove the empty alternative {}.")
        for scheme, scopes in requirement.items():
            if scheme not in names.schemes:
                yield Fault(place, f"There is no security scheme {scheme}.", "Declare it in components/.")
            if scopes:
                yield Fault(place, f"The scopes of {scheme} would not be checked.", "Say it with x-permission.")


def _parameters(operation: Operation, _: Names) -> Iterator[Fault]:
    place = operation.where("parameters")
    declared = {str(parameter.get("name")) for parameter in operation.parameters if parameter.get("in") == "path"}
    for name in sorted(declared ^ set(operation.path_parameters)):
        problem = "is declared, and not in the path" if name in declared else "is in the path, and not declared"
        yield Fault(place, f"The path parameter {name} {problem}.", "Write it in both places.")
    for parameter in operation.parameters:
        if parameter.get("in") not in ("path", "query", "header") or "schema" not in parameter:
            problem = f"The parameter {parameter.get('name')} is not read."
            yield Fault(place, problem, "Put it in path, query or header, with a schema.")


def _owner(operation: Operation, _: Names) -> Iterator[Fault]:
    owner, place = operation.body.get("x-owner"), operation.where("x-owner")
    if owner is None:
        return
    parameter = operation.parameter(str(owner), "path")
    if parameter is None or owner not in operation.path_parameters:
        problem = f"x-owner names {owner}, which is no path parameter."
        yield Fault(place, problem, "Name the one that holds the user's id.")
    elif operation.resolved(parameter.get("schema")).get("format") != "uuid":
        yield Fault(place, f"The owner {owner} is not a uuid.", "Give the parameter format: uuid.")


def _rate_limit(operation: Operation, names: Names) -> Iterator[Fault]:
    bucket = str(operation.body.get("x-rate-limit", "default"))
    if bucket != "none" and bucket not in names.buckets:
        known = [*names.buckets, "none"]
        yield Fault(operation.where("x-rate-limit"), f"There is no bucket {bucket}.", choose(bucket, known))


def _step_up(operation: Operation, names: Names) -> Iterator[Fault]:
    recency = operation.body.get("x-step-up")
    if recency is not None and str(recency) not in names.recencies:
        problem = f"There is no recency {recency}."
        yield Fault(operation.where("x-step-up"), problem, choose(recency, names.recencies))


def _event(operation: Operation, names: Names) -> Iterator[Fault]:
    event = operation.body.get("x-audit")
    if event is not None and str(event) not in names.events:
        problem = f"There is no event {event}."
        yield Fault(operation.where("x-audit"), problem, fix(event, names.events, "Add it to events.yaml."))


def _executor(operation: Operation, _: Names) -> Iterator[Fault]:
    body = operation.body
    constant = "x-public" in body and body.get("x-rate-limit") == "none" and "requestBody" not in body
    if body.get("x-executor") == "loop" and not constant:
        problem = "Only an operation that knows nobody, counts nothing and reads no body may run on the loop."
        yield Fault(operation.where("x-executor"), problem, "Remove x-executor.")


def _safe_methods(operation: Operation, _: Names) -> Iterator[Fault]:
    unsuitable = (
        ("x-audit", "x-precondition", "x-idempotency", "x-invalidates")
        if operation.safe
        else ("x-paginated", "x-cache")
    )
    for key in unsuitable:
        if key in operation.body:
            problem = f"{key} does not belong on {operation.method.upper()}."
            yield Fault(operation.where(key), problem, f"Remove {key}.")


def _precondition(operation: Operation, _: Names) -> Iterator[Fault]:
    declared = operation.parameter("If-Match", "header") is not None
    if "x-precondition" in operation.body and not declared:
        place = operation.where("x-precondition")
        yield Fault(place, f"{operation.name} declares no If-Match.", "Add the header parameter.")
    if "x-precondition" not in operation.body and declared:
        problem = f"If-Match of {operation.name} would be ignored."
        yield Fault(operation.where("parameters"), problem, "Add x-precondition, or remove it.")


Check = Callable[[Operation, Names], Iterator[Fault]]
FORM: tuple[Check, ...] = (_identity, _responses, _parameters)
CHECKS: tuple[Check, ...] = (
    _access,
    _security,
    _owner,
    _rate_limit,
    _step_up,
    _event,
    _executor,
    _safe_methods,
    _precondition,
    idempotent,
    paginated,
    cached,
    invalidating,
    sunset,
)
