"""Cached reads: who may store them, 304 for what is unchanged, and never an old value after a write.

What a write leaves in the cache is seen by comparing a read with one after the cache was told to forget it.
"""

from collections.abc import Iterator
from typing import Any

from app.contract_kit.bodies import changed
from app.contract_kit.document import Operation
from app.contract_kit.exchange import Request, Response
from app.contract_kit.kit import CannotTryError, Kit
from app.contract_kit.person import Person
from app.contract_kit.prepared import Prepared, cache_tags
from app.contract_kit.values import reason

# Other people's writes may come between two reads; then it is tried again.
_ATTEMPTS = 3
_Shown = dict[str, tuple[int, Any, Any]]


def check(kit: Kit) -> None:
    """Try each read with an ETag, and each write with all cached reads."""
    for operation in kit.operations():
        if operation.safe and "ETag" in (operation.response(200) or {}).get("headers", {}):
            with kit.trying(operation.name, "304"):
                _unchanged(kit, operation)
    cached = [operation for operation in kit.operations() if operation.cache]
    if not cached:
        return
    if "invalidate_cache" not in kit.document:
        # A document may leave it out, or hide it: then nothing from outside brings about a read that is surely fresh.
        kit.gap("", "reads after writes", "the document has no invalidate_cache to compare with", accepted=True)
        return
    for operation in cached:
        if operation.path_parameters:
            with kit.trying(operation.name, "two cached values"):
                _apart(kit, operation)
    for operation in kit.operations():
        if not operation.safe:
            with kit.trying(operation.name, "cached reads after it"):
                _fresh_after(kit, operation, cached)


def _caller(kit: Kit, operation: Operation) -> Person | None:
    return None if operation.public else kit.people.worker()


def _unchanged(kit: Kit, operation: Operation) -> None:
    prepared = kit.values.prepare(operation, _caller(kit, operation))
    first, second = kit.values.send(prepared), kit.values.send(prepared)
    tag = first.header("etag")
    kit.expect(tag is not None, "the ETag is missing", first)
    if tag is None or not first.ok:
        return
    if first.data == second.data:
        kit.expect(second.header("etag") == tag, "equal data has different ETags", second)
    for form in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        response = kit.send(_with(kit, prepared, form), prepared.caller)
        if response.status == 200 and response.header("etag") != tag:
            continue
        kit.expect_status(response, 304, why=f"If-None-Match is {form}")
        kit.expect(response.header("etag") == tag or response.status != 304, "the 304 has another ETag", response)
    changed = kit.send(_with(kit, prepared, '"another-version"'), prepared.caller)
    kit.expect_status(changed, 200, why="If-None-Match names another version")
    if operation.cache:
        for response in (first, second):
            control, vary = response.header("cache-control"), response.header("vary") or ""
            kit.expect(control == "private, no-cache", f"Cache-Control is {control!r} for a cached read", response)
            held = operation.public or "authorization" in vary.lower()
            kit.expect(held, f"Vary is {vary!r}, without Authorization", response)


def _with(kit: Kit, prepared: Prepared, tag: str) -> Request:
    return kit.values.request(prepared).but(headers={"If-None-Match": tag})


def _apart(kit: Kit, operation: Operation) -> None:
    """What is stored of one thing is not shown of another."""
    caller, peer = _caller(kit, operation), kit.people["peer"]
    one = kit.values.prepare(operation, caller)
    other = kit.values.prepare(operation, caller, holder=peer, fresh=True)
    name = operation.path_parameters[-1]
    if other.values == one.values:
        other.values = {**other.values, name: kit.values.another(operation, one.values)}
    _shown(kit, [one])
    response = kit.values.send(other)
    kit.call("invalidate_cache", kit.people.worker(), body={"tags": cache_tags([one, other])})
    fresh = kit.values.send(other)
    alike = (response.status, response.data) == (fresh.status, fresh.data)
    kit.expect(alike, f"after a read of another {{{name}}}, it shows a value of that", response)


def _fresh_after(kit: Kit, operation: Operation, cached: list[Operation]) -> None:
    for attempt in range(_ATTEMPTS):
        prepared = _write(kit, operation)
        reads = list(_reads(kit, cached, prepared))
        _shown(kit, reads)
        _shown(kit, reads)
        response = kit.values.send(prepared)
        if not response.ok:
            raise CannotTryError(f"{operation.name} is {reason(response)}")
        after = _shown(kit, reads)
        kit.call("invalidate_cache", kit.people.worker(), body={"tags": cache_tags(reads)})
        fresh = _shown(kit, reads)
        stale = [name for name, shown in after.items() if shown != fresh[name]]
        if not stale:
            kit.expect(True, "", operation=operation.name)
            return
        if attempt == _ATTEMPTS - 1:
            for name in stale:
                kit.expect(False, f"after {operation.name}, {name} shows an old value", response)


def _write(kit: Kit, operation: Operation) -> Prepared:
    caller = None if operation.public else kit.people.worker()
    prepared = kit.values.prepare(operation, caller, fresh=True)
    if operation.method in ("PUT", "PATCH") and not prepared.shared and operation.name != "change_password":
        prepared.body = changed(kit, operation, prepared.body)
    return prepared


def _reads(kit: Kit, cached: list[Operation], write: Prepared) -> Iterator[Prepared]:
    """Yield the cached reads about what is written: of its holder, and of who writes."""
    people = [write.holder, *([write.caller] if write.caller else [])]
    for operation in cached:
        for person in people if operation.path_parameters else people[:1]:
            prepared = kit.values.prepare(operation, _caller(kit, operation), holder=person)
            if person is write.holder:
                common = {name: value for name, value in write.values.items() if name in prepared.values}
                prepared.values |= common
            yield prepared


def _shown(kit: Kit, reads: list[Prepared]) -> _Shown:
    found: _Shown = {}
    for prepared in reads:
        response: Response = kit.values.send(prepared)
        name = f"{prepared.operation.name} of {prepared.holder.label}"
        found[name] = (response.status, response.header("etag"), response.data)
    return found
