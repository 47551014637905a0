"""Things of other people: what is refused tells nothing about whether it exists, and a path cannot mix owners."""

from app.contract_kit.document import Operation
from app.contract_kit.exchange import Response
from app.contract_kit.kit import Kit
from app.contract_kit.prepared import Prepared


def check(kit: Kit) -> None:
    """Try each operation whose path has parameters as somebody without a right."""
    for operation in kit.operations():
        if operation.public or not operation.path_parameters:
            continue
        with kit.trying(operation.name, "other people's things"):
            _untold(kit, operation)
        if operation.owner and len(operation.path_parameters) > 1:
            with kit.trying(operation.name, "mixed owners"):
                _mixed(kit, operation)


def _untold(kit: Kit, operation: Operation) -> None:
    """What exists and what does not are refused alike."""
    peer = kit.people["peer"]
    if kit.people.everybodys >= frozenset(operation.permissions):
        return
    prepared = kit.values.prepare(operation, peer)
    there = kit.send(kit.values.request(prepared), peer)
    gone = Prepared(**vars(prepared))
    gone.values = {name: kit.values.gone(operation, name) for name in prepared.values}
    missing = kit.send(kit.values.request(gone), peer)
    if operation.owned and operation.owner is None:
        kit.expect_status(there, 403, 404, why="it belongs to somebody else")
        return
    alike = (there.refusal, len(there.body)) == (missing.refusal, len(missing.body))
    kit.expect(alike, f"what exists is refused with {_words(there)}, and what does not with {_words(missing)}", missing)


def _words(response: Response) -> str:
    """Return what two refusals are compared by, as a person reads it."""
    told = ", ".join(f"{error.get('code')} ({error.get('message')})" for error in response.errors) or "no error"
    return f"{response.status}, {told}, in {len(response.body)} bytes"


def _mixed(kit: Kit, operation: Operation) -> None:
    """With one's own id in the path, the thing of another is not there."""
    peer = kit.people["peer"]
    prepared = kit.values.prepare(operation, peer)
    assert operation.owner
    prepared.values[operation.owner] = peer.id
    response = kit.send(kit.values.request(prepared), peer)
    kit.expect_status(response, 404, 403, why="the path names the caller, and a thing of somebody else")
