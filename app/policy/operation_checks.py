"""What must hold of every operation before it is served (law 1): one function for each rule or group of rules.

A check yields what is wrong: the steps from the operation to the line to mend, what is wrong there, and what to do.
"""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from app.policy.operation import Operation
from app.policy.policy import listed_permissions

Finding = tuple[tuple[str | int, ...], str, str]
_SNAKE_CASE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Names:
    """The names that x- keys may mention.

    Attributes:
        buckets: rate limits in the settings.
        recencies: step-ups in the settings.
        tags: tags that the root document declares.
        schemes: security schemes of the components.
        bench: whether this is the document of `make bench`, whose one operation stops at the token's signature.
    """

    permissions: Collection[str]
    buckets: Collection[str]
    recencies: Collection[str]
    tags: Collection[str]
    schemes: Collection[str]
    bench: bool = False


def _identity(operation: Operation, names: Names) -> Iterator[Finding]:
    body = operation.body
    name = body.get("operationId")
    if name is None:
        yield (), f"{operation.name} has no operationId.", "Name it; its handler has the same name."
    elif not isinstance(name, str) or not _SNAKE_CASE.fullmatch(name):
        yield ("operationId",), f"The operationId {name} is not snake_case.", "Write it like get_user."
    tags = body.get("tags")
    if not isinstance(tags, list) or len(tags) != 1:
        yield ("tags",), f"{operation.name} must have exactly one tag.", "Name it; it names the handlers' module."
    elif tags[0] not in names.tags:
        yield ("tags",), f"The tag {tags[0]} is not declared.", "Add it to `tags` of the root document."


def _responses(operation: Operation, _: Names) -> Iterator[Finding]:
    responses = operation.body.get("responses")
    if not isinstance(responses, dict) or not {"500", "default"} & set(responses):
        yield ("responses",), f"{operation.name} documents no 500.", 'Add "500" or `default` to its responses.'


def _access(operation: Operation, names: Names) -> Iterator[Finding]:
    body, public = operation.body, "x-public" in operation.body
    if not public and "x-permission" not in body:
        yield (), f"{operation.name} has no policy.", "Add x-permission, or x-public: true."
    if public:
        for key in ("x-permission", "x-owner", "x-step-up"):
            if key in body:
                yield (key,), f"{operation.name} is public and has {key}.", f"Remove {key} or x-public."
    for permission in listed_permissions(operation):
        if permission not in names.permissions:
            yield ("x-permission",), f"Nobody knows the permission {permission}.", "Add it to permissions.yaml."


def _security(operation: Operation, names: Names) -> Iterator[Finding]:
    security = operation.security
    if "x-public" in operation.body:
        if security:
            yield ("security",), f"{operation.name} is public and demands a token.", "Write security: []."
        return
    if not security:
        yield ("security",), f"{operation.name} demands no token.", "Write security: [{bearer: []}], or x-public: true."
    for requirement in security:
        if not requirement:
            yield ("security",), f"The security of {operation.name} is optional.", "Remove the empty alternative {}."
        for scheme, scopes in requirement.items():
            if scheme not in names.schemes:
                yield ("security",), f"There is no security scheme {scheme}.", "Declare it in components/."
            if scopes:
                yield ("security",), f"The scopes of {scheme} would not be checked.", "Say it with x-permission."


def _parameters(operation: Operation, _: Names) -> Iterator[Finding]:
    declared = {str(parameter.get("name")) for parameter in operation.parameters if parameter.get("in") == "path"}
    for name in sorted(declared ^ set(operation.path_parameters)):
        problem = "is declared, and not in the path" if name in declared else "is in the path, and not declared"
        yield ("parameters",), f"The path parameter {name} {problem}.", "Write it in both places."
    for parameter in operation.parameters:
        if parameter.get("in") not in ("path", "query", "header") or "schema" not in parameter:
            unread = parameter.get("name")
            yield (
                ("parameters",),
                f"The parameter {unread} is not read.",
                "Put it in path, query or header, with a schema.",
            )


def _owner(operation: Operation, _: Names) -> Iterator[Finding]:
    owner = operation.body.get("x-owner")
    if owner is None:
        return
    parameter = operation.parameter(str(owner), "path")
    if parameter is None or owner not in operation.path_parameters:
        yield (
            ("x-owner",),
            f"x-owner names {owner}, which is no path parameter.",
            "Name the one that holds the user's id.",
        )
    elif operation.resolved(parameter.get("schema")).get("format") != "uuid":
        yield ("x-owner",), f"The owner {owner} is not a uuid.", "Give the parameter format: uuid."


def _rate_limit(operation: Operation, names: Names) -> Iterator[Finding]:
    bucket = operation.body.get("x-rate-limit", "default")
    if bucket != "none" and bucket not in names.buckets:
        yield ("x-rate-limit",), f"There is no bucket {bucket}.", f"Choose of {_list(names.buckets)}, none."


def _step_up(operation: Operation, names: Names) -> Iterator[Finding]:
    recency = operation.body.get("x-step-up")
    if recency is not None and recency not in names.recencies:
        yield ("x-step-up",), f"There is no recency {recency}.", f"Choose of {_list(names.recencies)}."


def _executor(operation: Operation, names: Names) -> Iterator[Finding]:
    body = operation.body
    constant = "x-public" in body and body.get("x-rate-limit") == "none" and "requestBody" not in body
    if body.get("x-executor") == "loop" and not constant and not names.bench:
        yield (
            ("x-executor",),
            "Only an operation that knows nobody, counts nothing and reads no body may run on the loop.",
            "Remove x-executor.",
        )


def _safe_methods(operation: Operation, _: Names) -> Iterator[Finding]:
    unsuitable = ("x-audit", "x-precondition") if operation.safe else ("x-paginated",)
    for key in unsuitable:
        if key in operation.body:
            yield (key,), f"{key} does not belong on {operation.method.upper()}.", f"Remove {key}."


def _precondition(operation: Operation, _: Names) -> Iterator[Finding]:
    declared = operation.parameter("If-Match", "header") is not None
    if "x-precondition" in operation.body and not declared:
        yield ("x-precondition",), f"{operation.name} declares no If-Match.", "Add the header parameter."
    if "x-precondition" not in operation.body and declared:
        yield ("parameters",), f"If-Match of {operation.name} would be ignored.", "Add x-precondition, or remove it."


def _paginated(operation: Operation, _: Names) -> Iterator[Finding]:
    if "x-paginated" in operation.body:
        for name in ("limit", "offset"):
            if operation.parameter(name, "query") is None:
                yield ("x-paginated",), f"{operation.name} has no query parameter {name}.", "Declare it."


def _list(names: Collection[str]) -> str:
    return ", ".join(sorted(names))


CHECKS: tuple[Callable[[Operation, Names], Iterator[Finding]], ...] = (
    _identity,
    _responses,
    _access,
    _security,
    _parameters,
    _owner,
    _rate_limit,
    _step_up,
    _executor,
    _safe_methods,
    _precondition,
    _paginated,
)
