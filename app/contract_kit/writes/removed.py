"""What is done to one thing is done to no other of its kind."""

from app.contract_kit.document import Operation
from app.contract_kit.kit import CannotTryError, Kit
from app.contract_kit.makers import lister
from app.contract_kit.values import reason
from app.contract_kit.writes.rows import rows_of
from app.contract_kit.writes.things import expect_unchanged, read, reader_of, three


def one_of_three(kit: Kit, operation: Operation) -> None:
    """Remove or act on the second of three things: the first and the third stay as they are."""
    reader, listing = reader_of(kit, operation), lister(kit.document, operation.path)
    if reader is None and (listing is None or operation.method != "DELETE"):
        kit.gap(operation.name, "what it leaves as it was", "no read shows what it writes", accepted=True)
        return
    things = three(kit, operation)
    if not things:
        return
    one, about, other = things
    others = [(thing, read(kit, reader, thing)) for thing in (one, other) if reader]
    before = rows_of(kit, listing, about) if listing and operation.method == "DELETE" else "no list"
    shown_before = read(kit, reader, about) if reader else None
    response = kit.values.send(about)
    if not response.ok:
        raise CannotTryError(f"{operation.name} is {reason(response)}")
    if reader:
        expect_unchanged(kit, operation, reader, others)
    if operation.method != "DELETE":
        return
    if reader and shown_before is not None:
        gone = read(kit, reader, about)
        kit.expect(not gone.ok or gone.data != shown_before.data, "what was removed is still there", gone)
    after = rows_of(kit, listing, about) if listing else "no list"
    if isinstance(before, str) or isinstance(after, str) or listing is None or not operation.path_parameters:
        return
    name = operation.path_parameters[-1]
    kit.expect(
        after.row(name, str(about.values[name])) is None, "what was removed is still in the list", after.response
    )
    for thing in (one, other):
        if before.row(name, str(thing.values[name])) is not None and after.whole:
            still = after.row(name, str(thing.values[name])) is not None
            kit.expect(still, f"{operation.name} removes another thing, too", after.response)
    if before.total is not None and after.total is not None:
        told = f"the total is {after.total} after {operation.name}, and was {before.total} before"
        # Other people may make some meanwhile.
        near = after.total == before.total - 1 or not before.whole
        kit.expect(near, told, after.response)
