"""Idempotency keys: a repeated request is carried out once, and gets the first response again."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from app.contract_kit.bodies import different
from app.contract_kit.document import Operation
from app.contract_kit.exchange import Request, Response
from app.contract_kit.kit import CannotTryError, Kit
from app.contract_kit.person import Person

_AT_ONCE = 6


def check(kit: Kit) -> None:
    """Repeat each operation that takes a key."""
    for operation in kit.operations():
        if operation.idempotency:
            with kit.trying(operation.name, "a repetition"):
                _repeat(kit, operation)
            with kit.trying(operation.name, "repetitions at the same time"):
                _at_once(kit, operation)


def _request(kit: Kit, operation: Operation, caller: Person, key: str) -> Request:
    prepared = kit.values.prepare(operation, caller)
    prepared.headers["Idempotency-Key"] = key
    return kit.values.request(prepared)


def _sent(kit: Kit, request: Request, caller: Person) -> Response:
    response = kit.send(request, caller)
    if response.ok and request.operation:
        kit.values.note(kit.document[request.operation], response)
    return response


def _repeat(kit: Kit, operation: Operation) -> None:
    admin, key = kit.people.admin, kit.unique("key")
    request = _request(kit, operation, admin, key)
    first = _sent(kit, request, admin)
    if not kit.expect_status(first, *operation.successes):
        return
    kit.trail.note(first, operation, admin, decision="allowed", event="succeeded")
    again = _sent(kit, request, admin)
    if kit.expect_status(again, first.status, why="the key was used for the same request"):
        kit.expect(again.data == first.data, "the repetition has another body", again)
        kit.expect(again.header("location") == first.header("location"), "the repetition has another Location", again)
        replayed = again.header("idempotency-replayed")
        kit.expect(replayed == "true", f"Idempotency-Replayed is {replayed!r} in a repetition", again)
        kit.expect(again.request_id != first.request_id, "the repetition has the request id of the first", again)
    kit.trail.note(again, operation, admin, decision="allowed", event=None)
    replayed = first.header("idempotency-replayed")
    kit.expect(replayed is None, "the first response says that it is a repetition", first)
    respelled = request.but(body=_respelled(request.body))
    kit.expect_status(_sent(kit, respelled, admin), first.status, why="the same JSON is spelled in another way")
    _reuse(kit, operation, request, admin)
    somebody = kit.people["tailor"]
    own = _sent(kit, _request(kit, operation, somebody, key), somebody)
    kit.expect_status(own, *operation.successes, why="a key of another account is another key")
    kit.expect(own.header("idempotency-replayed") is None, "a key of another account is taken for the same", own)


def _reuse(kit: Kit, operation: Operation, request: Request, admin: Person) -> None:
    """Use the key of a request for another one."""
    if request.body is None:
        return
    try:
        other = different(kit, operation, json.loads(request.body))
    except CannotTryError as error:
        kit.gap(operation.name, "a key for another request", str(error), accepted=True)
        return
    reused = _sent(kit, request.but(body=json.dumps(other).encode()), admin)
    kit.expect_status(reused, 422, code="IDEMPOTENCY_KEY_REUSED", why="the key was used for another request")


def _respelled(body: bytes | None) -> bytes | None:
    if body is None:
        return None
    value = json.loads(body)
    turned = dict(reversed(list(value.items()))) if isinstance(value, Mapping) else value
    return json.dumps(turned, indent=1).encode()


def _at_once(kit: Kit, operation: Operation) -> None:
    admin, barrier = kit.people.admin, Barrier(_AT_ONCE)
    request = _request(kit, operation, admin, kit.unique("key"))

    def go() -> Response:
        barrier.wait(10)
        return kit.send(request, admin)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        responses = [future.result() for future in [pool.submit(go) for _ in range(_AT_ONCE)]]
    done = [response for response in responses if response.ok]
    for response in done[:1]:
        kit.values.note(operation, response)
    others = [response for response in responses if not response.ok]
    for response in others:
        kit.expect_status(response, 409, code="IDEMPOTENCY_IN_PROGRESS", why="the first is still in progress")
    kit.expect(bool(done), "none of several requests at the same time is carried out", responses[0])
    fresh = [response for response in done if response.header("idempotency-replayed") is None]
    kit.expect(len(fresh) == 1, f"{len(fresh)} of {_AT_ONCE} requests with one key are carried out", responses[0])
    bodies = {json.dumps(response.data, sort_keys=True) for response in done}
    kit.expect(len(bodies) == 1, f"requests with one key get {len(bodies)} different bodies", responses[0])
