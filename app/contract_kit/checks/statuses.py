"""Each documented status and error code of each operation: seen in this run, or listed with the reason why not."""

import contextlib
from collections.abc import Callable

from app.contract_kit.bodies import different
from app.contract_kit.document import Operation
from app.contract_kit.exchange import Request, Response
from app.contract_kit.kit import CannotTryError, Kit
from app.contract_kit.makers import maker
from app.contract_kit.prepared import Prepared
from app.contract_kit.tokens import tampered

# Above every limit that a deployment may have for them by default.
_BODY_BYTES = 1_100_000
_QUERY_BYTES = 20_000
_HEADER_BYTES = 70_000

# Codes that no request from outside brings about, with the reason.
UNREACHABLE = {
    "INTERNAL_ERROR": "a server that works has no internal error",
    "UNAVAILABLE": "a server with its database has no outage",
    "LAST_ADMIN": "the kit does not touch the admins of a deployment",
    "STEP_UP_REQUIRED": "a sign-in would have to become old first",
    "RATE_LIMITED": "only a bucket of the kit's own accounts is ever used up, and only if it is small enough",
    "IDEMPOTENCY_IN_PROGRESS": "a request would have to arrive during another; whether it does is a matter of luck",
}

# Conflicts of Charter's own, which the kit can bring about where they are documented.
_CONFLICTS = (None, "EMAIL_TAKEN", "ROLE_TAKEN")
_OWN_RULE = "it is a rule of the team's own, and no document says what breaks it: the tests of the project show it"

Situation = Callable[[Kit, Prepared], Response]


def check(kit: Kit) -> None:
    """Bring each operation to each ending that no other check has seen."""
    for operation in kit.operations():
        for status, code in operation.endings:
            if _seen(kit, operation, status, code):
                continue
            if code in UNREACHABLE or (code is None and status >= 500):
                reason = UNREACHABLE.get(code or "", "a server that works has no failure")
                kit.gap(operation.name, f"{status} {code or ''}".strip(), reason, accepted=True)
                continue
            with kit.trying(operation.name, f"{status} {code or ''}".strip()):
                _bring_about(kit, operation, status, code)


def _seen(kit: Kit, operation: Operation, status: int, code: str | None) -> bool:
    found = kit.results.statuses(operation.name)
    held = any(status == seen and (code is None or code == told) for seen, told in found)
    if held:
        kit.expect(True, "", operation=operation.name)
    return held


def _bring_about(kit: Kit, operation: Operation, status: int, code: str | None) -> None:
    situation = SITUATIONS.get(code) if code else BY_STATUS.get(status)
    if 200 <= status < 300:
        situation = _success
    if situation is None and (code not in _CONFLICTS or (code is None and status == 409)):
        _own_rule(kit, operation, status, code)
        return
    if situation is None:
        situation = _conflict if status == 409 else None
    if situation is None:
        raise CannotTryError("the kit does not know what brings it about")
    if code == "FORBIDDEN" and operation.public:
        kit.gap(operation.name, f"{status} {code}", "a setting would have to be changed for everybody", accepted=True)
        return
    caller = None if operation.public else kit.people.worker()
    # What is deleted or changed here must not be what the next ending is tried on.
    fresh = operation.method == "DELETE" or 200 <= status < 300
    response = situation(kit, kit.values.prepare(operation, caller, fresh=fresh))
    kit.expect_status(response, status, code=code, why="the document says that this can happen")


def _own_rule(kit: Kit, operation: Operation, status: int, code: str | None) -> None:
    """Try whether equal values are what an error code of a team is about."""
    if status == 409:
        with contextlib.suppress(CannotTryError):
            response = _conflict(kit, kit.values.prepare(operation, kit.people.worker()))
            if response.status == status and code in (None, response.code):
                kit.expect(True, "", response)
                return
    kit.gap(operation.name, f"{status} {code or ''}".strip(), _OWN_RULE, accepted=True)


def _success(kit: Kit, prepared: Prepared) -> Response:
    return kit.values.send(prepared)


def _send(kit: Kit, prepared: Prepared, change: Callable[[Request], Request]) -> Response:
    response = kit.send(change(kit.values.request(prepared)), prepared.caller)
    if response.ok:
        kit.values.note(prepared.operation, response)
    return response


def _query(text: str) -> Situation:
    def send(kit: Kit, prepared: Prepared) -> Response:
        return _send(kit, prepared, lambda request: request.but(target=f"{request.target.partition('?')[0]}?{text}"))

    return send


def _changed(headers: dict[str, str] | None = None, body: bytes | None = None) -> Situation:
    def change(request: Request) -> Request:
        more = dict(headers or {})
        if body is not None:
            more.setdefault("Content-Type", "application/json")
        return request.but(headers=more, **({"body": body} if body is not None else {}))

    return lambda kit, prepared: _send(kit, prepared, change)


def _token(kit: Kit, prepared: Prepared) -> Response:
    own = kit.people.token(kit.people.admin)
    return kit.send(kit.values.request(prepared).but(token=tampered(own, "nobody"), caller="tampered"))


def _nobody(kit: Kit, prepared: Prepared) -> Response:
    return kit.send(kit.values.request(prepared).but(token=None, caller="nobody"))


def _as(label: str) -> Situation:
    def send(kit: Kit, prepared: Prepared) -> Response:
        if label not in kit.people:
            raise CannotTryError(f"there is no account {label}")
        person = kit.people[label]
        return kit.send(kit.values.request(prepared).but(token=kit.people.token(person), caller=label), person)

    return send


def _without_right(kit: Kit, prepared: Prepared) -> Response:
    person = kit.people.tailor(frozenset())
    return kit.send(kit.values.request(prepared).but(token=kit.people.token(person), caller="peer"), person)


def _property(name: str, value: str) -> Situation:
    def send(kit: Kit, prepared: Prepared) -> Response:
        prepared.body = {**(prepared.body or {}), name: value}
        return kit.values.send(prepared)

    return send


def _gone(kit: Kit, prepared: Prepared) -> Response:
    operation = prepared.operation
    last = operation.path_parameters[-1]
    prepared.values[last] = kit.values.gone(operation, last)
    return _send(kit, prepared, lambda request: request)


def _conflict(kit: Kit, prepared: Prepared) -> Response:
    """Create the same twice, or give one thing the values of another."""
    operation = prepared.operation
    if kit.values.creates(operation):
        first = kit.values.send(prepared)
        return kit.values.send(prepared) if first.ok else first
    creator = maker(kit.document, operation.path) if operation.path.endswith("}") else None
    if creator is None or operation.request is None:
        raise CannotTryError("the kit does not know what it could conflict with")
    other, _ = kit.values.create(creator, kit.people.admin, holder=kit.people.target())
    shown = other.data if isinstance(other.data, dict) else {}
    names = [name for name in operation.properties(operation.request.schema) if isinstance(shown.get(name), str)]
    prepared.body = {name: shown[name] for name in names}
    return kit.values.send(prepared)


def _built_in(kit: Kit, prepared: Prepared) -> Response:
    prepared.values[prepared.operation.path_parameters[-1]] = "guest"
    if prepared.operation.request is not None:
        prepared.body = {"permissions": []}
    return kit.values.send(prepared)


def _in_use(kit: Kit, prepared: Prepared) -> Response:
    prepared.values[prepared.operation.path_parameters[-1]] = kit.people.bare_role
    return kit.values.send(prepared)


def _key_reused(kit: Kit, prepared: Prepared) -> Response:
    prepared.headers["Idempotency-Key"] = kit.unique("key")
    kit.values.send(prepared)
    prepared.body = different(kit, prepared.operation, prepared.body)
    return kit.values.send(prepared)


def _without_if_match(kit: Kit, prepared: Prepared) -> Response:
    return _send(kit, prepared, lambda request: request.without("If-Match"))


SITUATIONS: dict[str, Situation] = {
    "VALIDATION_ERROR": _query("nonsense=1"),
    "MALFORMED_BODY": _changed(body=b"{"),
    "UNAUTHENTICATED": _nobody,
    "INVALID_TOKEN": _token,
    "SESSION_ENDED": _as("suspended"),
    "INVALID_CREDENTIALS": _property("password", "not the password of anybody"),
    "INVALID_REFRESH_TOKEN": _property("refresh_token", "never-issued-by-anybody"),
    "FORBIDDEN": _without_right,
    "NOT_FOUND": _gone,
    "ROLE_BUILT_IN": _built_in,
    "ROLE_IN_USE": _in_use,
    "IDEMPOTENCY_KEY_REUSED": _key_reused,
    "PRECONDITION_FAILED": _changed(headers={"If-Match": '"no-such-version"'}),
    "PRECONDITION_REQUIRED": _without_if_match,
    "PAYLOAD_TOO_LARGE": _changed(body=b" " * _BODY_BYTES),
    "URI_TOO_LONG": _query("nonsense=" + "x" * _QUERY_BYTES),
    "UNSUPPORTED_MEDIA_TYPE": _changed(headers={"Content-Type": "text/plain"}, body=b"{}"),
    "HEADERS_TOO_LARGE": _changed(headers={"X-Large": "x" * _HEADER_BYTES}),
}
BY_STATUS: dict[int, Situation] = {304: _changed(headers={"If-None-Match": "*"})}
