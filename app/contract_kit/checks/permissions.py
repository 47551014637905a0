"""Each operation with each caller: who may call it, as `x-permission`, `x-owner` and `x-write-permission` say."""

from collections.abc import Callable

from app.contract_kit.document import Operation
from app.contract_kit.exchange import Response
from app.contract_kit.kit import CannotTryError, Kit
from app.contract_kit.person import Person
from app.contract_kit.prepared import Prepared
from app.contract_kit.tokens import tampered

_ALL_BUT = "everything_but_"


def check(kit: Kit) -> None:
    """Call each operation as everybody."""
    for operation in kit.operations():
        for caller in callers(operation):
            with kit.trying(operation.name, f"a call as {caller}"):
                _call(kit, operation, caller)
        for path, permission in operation.guarded:
            with kit.trying(operation.name, f"the property {'.'.join(path)}"):
                _guarded(kit, operation, path, permission)


def callers(operation: Operation) -> list[str]:
    """Return everybody that an operation is tried as; docs/contract-testing.md says who they are."""
    if operation.public:
        return ["nobody"]
    # The admin comes first: what it shows, the others need.
    found = ["admin", "nobody", "tampered", "guest", "user", "peer"]
    found += ["owner"] if operation.owned else []
    found += ["just_that_permission", "everything_else"]
    if len(operation.permissions) > 1:
        found += [f"{_ALL_BUT}{name}" for name in operation.permissions]
    return [*found, "suspended", "ended"]


def _person(kit: Kit, operation: Operation, caller: str) -> Person | None:
    people = kit.people
    needed = frozenset(operation.permissions)
    everything = people.held.get("admin", frozenset()) | kit.document.permissions
    found: dict[str, Callable[[], Person | None]] = {
        "nobody": lambda: None,
        "tampered": lambda: people.admin,
        "just_that_permission": lambda: people.tailor(needed),
        "everything_else": lambda: people.tailor(everything - needed),
    }
    if caller.startswith(_ALL_BUT):
        return people.tailor(everything - {caller.removeprefix(_ALL_BUT)})
    if caller in found:
        return found[caller]()
    if caller not in people:
        raise CannotTryError(f"there is no account {caller}")
    return people[caller]


def _call(kit: Kit, operation: Operation, caller: str) -> None:
    person = _person(kit, operation, caller)
    status, code, decision = _expected(kit, operation, caller, person)
    holder = person if caller == "owner" else None
    if caller == "owner" and status == 0 and kit.values.spoils(operation):
        holder = person = kit.people.spare("owner")
    fresh = status == 0 and (operation.method == "DELETE" or kit.values.spoils(operation))
    prepared = kit.values.prepare(operation, person, holder=holder, fresh=fresh)
    person = prepared.caller
    _leave_out_guarded(kit, operation, prepared)
    refused = _refused_properties(kit, operation, prepared)
    if status == 0 and refused:
        status, code = 403, "FORBIDDEN"
    request = kit.values.request(prepared).but(caller=caller)
    if caller == "tampered" and request.token is not None:
        request = request.but(token=tampered(request.token, kit.people[_victim(kit)].id))
    response = kit.send(request, person if caller != "tampered" else None)
    if response.ok:
        kit.values.note(operation, response)
        prepared.afterwards(response)
    if status == 0:
        kit.expect_status(response, *operation.successes, why=f"{caller} may call it")
    else:
        kit.expect_status(response, status, code=code, why=f"{caller} may not call it")
    if refused and decision == "allowed" and response.status == 403:
        kit.expect({error["field"] for error in response.errors} == refused,
                   f"the errors must name {', '.join(sorted(refused))}", response)  # fmt: skip
    _note(kit, operation, person, response, decision)


def _victim(kit: Kit) -> str:
    return "owner" if "owner" in kit.people else "admin"


def _expected(kit: Kit, operation: Operation, caller: str, person: Person | None) -> tuple[int, str, str | None]:
    """Return (status, code, decision); the status of a success is 0."""
    if operation.public:
        return 0, "", None
    early = {"nobody": "UNAUTHENTICATED", "tampered": "INVALID_TOKEN"}
    if caller in early:
        return 401, early[caller], None
    if caller in ("suspended", "ended"):
        return 401, "SESSION_ENDED", "denied"
    assert person is not None
    held = kit.people.held.get(person.role, frozenset())
    if (caller == "owner" and operation.owned) or held >= frozenset(operation.permissions):
        return 0, "", "allowed"
    return 403, "FORBIDDEN", "denied"


def _leave_out_guarded(kit: Kit, operation: Operation, prepared: Prepared) -> None:
    """Leave out the properties that the caller may not set, unless nothing would be left of the body."""
    body = prepared.body
    if not isinstance(body, dict) or operation.request is None:
        return
    kept = {name: value for name, value in body.items() if (name,) not in _not_held(kit, operation, prepared)}
    if kept and kit.request_schemas.matches(operation.request.schema, kept):
        prepared.body = kept


def _not_held(kit: Kit, operation: Operation, prepared: Prepared) -> set[tuple[str, ...]]:
    held = kit.people.held.get(prepared.caller.role, frozenset()) if prepared.caller else frozenset()
    return {path for path, permission in operation.guarded if permission not in held}


def _refused_properties(kit: Kit, operation: Operation, prepared: Prepared) -> set[str]:
    found = set()
    for path in _not_held(kit, operation, prepared):
        node = prepared.body
        for name in path:
            node = node.get(name) if isinstance(node, dict) else None
        if node is not None:
            found.add(".".join(path))
    return found


def _note(kit: Kit, operation: Operation, person: Person | None, response: Response, decision: str | None) -> None:
    if operation.public or person is None:
        return
    event = None if operation.safe or decision != "allowed" else ("succeeded" if response.ok else "failed")
    kit.trail.note(response, operation, person, decision=decision, event=event)


def _guarded(kit: Kit, operation: Operation, path: tuple[str, ...], permission: str) -> None:
    """Set a property without its permission: as the owner, where the operation asks for the same one."""
    if permission in operation.permissions and not operation.owned:
        return
    as_owner = permission in operation.permissions
    person = kit.people["owner"] if as_owner else kit.people.tailor(frozenset(operation.permissions))
    prepared = kit.values.prepare(operation, person, holder=person if as_owner else None)
    value = _property(kit, operation, path)
    for name in reversed(path[1:]):
        value = {name: value}
    prepared.body = {**(prepared.body if not as_owner else {}), path[0]: value}
    response = kit.values.send(prepared)
    kit.expect_status(response, 403, code="FORBIDDEN", why=f"{'.'.join(path)} needs {permission}")
    if response.status == 403:
        fields = [error.get("field") for error in response.errors]
        kit.expect(".".join(path) in fields, f"the errors name {fields}, not {'.'.join(path)}", response)


def _property(kit: Kit, operation: Operation, path: tuple[str, ...]) -> object:
    assert operation.request is not None
    schema = operation.request.schema
    for name in path:
        schema = operation.properties(schema)[name]
    found = kit.document.resolve(schema)
    if path[-1] == "role":
        return kit.people.bare_role
    if "example" not in found and "example" not in schema:
        raise CannotTryError("the property has no example")
    return schema.get("example", found.get("example"))
