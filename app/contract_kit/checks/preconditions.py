"""ETags: they change with what they name, `If-Match` keeps a write from an old version, and no update is lost."""

import copy
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from app.contract_kit.bodies import changed
from app.contract_kit.document import Operation
from app.contract_kit.exchange import Response
from app.contract_kit.kit import Kit
from app.contract_kit.prepared import Prepared

_AT_ONCE = 5
_STALE = '"no-such-version"'


def check(kit: Kit) -> None:
    """Try each operation that takes `If-Match`, and each that gives an ETag."""
    for operation in kit.operations():
        if operation.precondition:
            with kit.trying(operation.name, "If-Match"):
                _writes(kit, operation)
            if operation.method in ("PUT", "PATCH") and _reader(kit, operation):
                with kit.trying(operation.name, "writes at the same time"):
                    _at_once(kit, operation)


def _reader(kit: Kit, operation: Operation) -> Operation | None:
    """Return the operation that reads what another writes: that of its path, or of a shorter one."""
    path = operation.path
    while path:
        found = kit.document.at("GET", path)
        if found is not None and "ETag" in (found.response(200) or {}).get("headers", {}):
            return found if set(found.path_parameters) == set(operation.path_parameters) else None
        if path.endswith("}"):
            return None
        path = path.rpartition("/")[0]
    return None


def _prepared(kit: Kit, operation: Operation) -> Prepared:
    caller = kit.people.worker() if operation.path_parameters else kit.people.spare("writer")
    return kit.values.prepare(operation, caller, fresh=True)


def _read(kit: Kit, reader: Operation, prepared: Prepared) -> Response:
    return kit.call(reader, prepared.caller, values=prepared.values)


def _write(kit: Kit, prepared: Prepared, tag: str | None, body: Any = None) -> Response:
    sent = copy.copy(prepared)
    sent.headers = {name: value for name, value in prepared.headers.items() if name != "If-Match"}
    if tag is not None:
        sent.headers["If-Match"] = tag
    sent.body = prepared.body if body is None else body
    return kit.values.send(sent)


def _writes(kit: Kit, operation: Operation) -> None:
    prepared, reader = _prepared(kit, operation), _reader(kit, operation)
    prepared.body = changed(kit, operation, prepared.body)
    before = _read(kit, reader, prepared) if reader else None
    refused = _write(kit, prepared, _STALE)
    kit.expect_status(refused, 412, code="PRECONDITION_FAILED", why="the tag is of no version")
    if operation.precondition == "required":
        without = _write(kit, prepared, None)
        kit.expect_status(without, 428, code="PRECONDITION_REQUIRED", why="If-Match is missing")
    if reader is None or before is None or not before.ok:
        kit.expect_status(_write(kit, prepared, "*"), *operation.successes, why="`*` is any version")
        return
    tag = before.header("etag")
    unchanged = _read(kit, reader, prepared)
    kit.expect(unchanged.header("etag") == tag, "the ETag changes although nothing was changed", unchanged)
    kit.expect(unchanged.data == before.data, "a refused write has changed something", unchanged)
    if tag is None:
        return
    done = _write(kit, prepared, tag)
    if not kit.expect_status(done, *operation.successes, why="If-Match has the current ETag"):
        return
    after = _read(kit, reader, prepared)
    if operation.method == "DELETE" or not after.ok:
        return
    now = after.header("etag")
    if after.data != before.data:
        kit.expect(now != tag, "the ETag is the same although the data has changed", after)
        again = _write(kit, prepared, tag, changed(kit, operation, prepared.body))
        kit.expect_status(again, 412, code="PRECONDITION_FAILED", why="the tag is of an earlier version")
    if done.header("etag") is not None and done.data == after.data:
        kit.expect(done.header("etag") == now, "the write and the next read have different ETags", done)
    for form in ("W/{}", '"other", {}'):
        # A write of what is there already may make a new version.
        sent = form.format(_read(kit, reader, prepared).header("etag"))
        kit.expect_status(_write(kit, prepared, sent), *operation.successes, why=f"{sent} names the current version")


def _at_once(kit: Kit, operation: Operation) -> None:
    """Of several writes to one version, one succeeds."""
    prepared, reader = _prepared(kit, operation), _reader(kit, operation)
    assert reader is not None
    tag = _read(kit, reader, prepared).header("etag")
    bodies = [changed(kit, operation, prepared.body) for _ in range(_AT_ONCE)]
    if prepared.shared or tag is None or bodies[0] == bodies[1]:
        kit.gap(operation.name, "writes at the same time", "no two bodies of it differ", accepted=True)
        return
    barrier = Barrier(_AT_ONCE)

    def go(body: Any) -> Response:
        barrier.wait(10)
        return _write(kit, prepared, tag, body)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        responses = [future.result() for future in [pool.submit(go, body) for body in bodies]]
    won = [response for response in responses if response.ok]
    told = f"{len(won)} of {_AT_ONCE} writes to one version succeed"
    kit.expect(len(won) == 1, told, responses[0])
    for response in responses:
        if not response.ok:
            kit.expect_status(response, 412, code="PRECONDITION_FAILED", why="another write came first")
