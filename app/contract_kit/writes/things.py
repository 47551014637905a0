"""Things of a kind that the run makes, how they are read, and what must hold of them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.contract_kit.charter_operations import SPECIAL
from app.contract_kit.document import Operation
from app.contract_kit.exchange import Response
from app.contract_kit.kit import CannotTryError, Kit
from app.contract_kit.prepared import Prepared, cache_tags
from app.contract_kit.values import reason
from app.contract_kit.writes.properties import default, required, same, values, writable

# A rule that no document tells may refuse a value; then it is tried with others.
ATTEMPTS = 4
REFUSALS = (400, 403, 404, 409, 422)


def prepared_for(kit: Kit, operation: Operation) -> Prepared:
    """Return a request about a new thing, by somebody who may write it."""
    needs_own = operation.path_parameters or kit.values.creates(operation)
    caller = kit.people.worker() if needs_own else kit.people.spare("writer")
    return kit.values.prepare(operation, caller, fresh=True)


def three(kit: Kit, operation: Operation) -> list[Prepared]:
    """Return requests about three things of a kind; none if they are not the run's own."""
    special = SPECIAL.get(operation.name)
    if special is not None and special.shared:
        kit.gap(operation.name, "what it changes", "it writes what this run has not made", accepted=True)
        return []
    return [prepared_for(kit, operation) for _ in range(3)]


def reader_of(kit: Kit, operation: Operation) -> Operation | None:
    """Return the operation that reads what another writes: that of its path, or of a shorter one."""
    path = operation.path
    while path:
        found = kit.document.at("GET", path)
        if found is not None and not found.paginated:
            return found if set(found.path_parameters) == set(operation.path_parameters) else None
        if path.endswith("}"):
            return None
        path = path.rpartition("/")[0]
    return None


def read(kit: Kit, reader: Operation, prepared: Prepared) -> Response:
    """Read what a request is about."""
    return kit.call(reader, prepared.caller, values=prepared.values)


def send_whole(kit: Kit, prepared: Prepared, now: Mapping[str, Any]) -> Response:
    """Send every property that may be sent, as little as possible as it is now or by default.

    Raises:
        CannotTryError: it is refused.
    """
    operation, base = prepared.operation, prepared.body if isinstance(prepared.body, dict) else {}
    body, demanded = {}, required(operation)
    for name, child in writable(operation).items():
        usual = now.get(name, default(operation, child))
        found = next(values(kit, prepared, name, child, now=usual), base.get(name))
        # The example was made for this request.
        body[name] = base[name] if name in base and not same(usual, base[name]) else found
        if body[name] is None and name not in demanded:
            del body[name]
    prepared.body = body
    response = kit.values.send(prepared)
    for _ in range(ATTEMPTS):
        wrong = {str(error.get("field")).partition(".")[0] for error in response.errors} & (set(body) - demanded)
        if response.status not in REFUSALS or not wrong:
            break
        for name in sorted(wrong):
            del body[name]
            kit.gap(operation.name, f"a value of {name}", reason(response), accepted=True)
        response = kit.values.send(prepared)
    if response.status in REFUSALS and base not in ({}, body):
        kit.gap(operation.name, "all properties at once", reason(response), accepted=True)
        prepared.body = base
        response = kit.values.send(prepared)
    if not response.ok:
        raise CannotTryError(f"{operation.name} is {reason(response)}")
    return response


def expect_sent(kit: Kit, sent: Any, known: Mapping[str, Any], found: Any, response: Response, where: str) -> None:
    """What was sent is there, as far as it has a property of that name."""
    for name, value in sent.items() if isinstance(sent, Mapping) and isinstance(found, Mapping) else ():
        if name in known and not same(value, found.get(name)):
            kit.expect(False, f"{name} was sent as {value!r}, and is {found.get(name)!r} in {where}", response)
        elif name in known:
            kit.expect(True, "", response)


def expect_unchanged(
    kit: Kit, operation: Operation, reader: Operation, others: list[tuple[Prepared, Response]]
) -> None:
    """What an operation did to one thing, it did to none of these others, which were read before."""
    tags = cache_tags(replace(thing, operation=reader) for thing, _ in others)
    if tags and "invalidate_cache" in kit.document:
        kit.call("invalidate_cache", kit.people.worker(), body={"tags": tags})
    for thing, before in others:
        after = read(kit, reader, thing)
        held = (after.status, after.data) == (before.status, before.data)
        kit.expect(held, f"{operation.name} of one thing changes or removes another", after, operation=operation.name)
