"""What an operation makes has everything that was sent, in the response, the next read and the list."""

from collections.abc import Mapping

from app.contract_kit.document import Operation
from app.contract_kit.exchange import Response
from app.contract_kit.kit import CannotTryError, Kit
from app.contract_kit.makers import lister, made_value, maker
from app.contract_kit.prepared import Prepared
from app.contract_kit.values import reason
from app.contract_kit.writes.properties import same, shown
from app.contract_kit.writes.rows import rows_of
from app.contract_kit.writes.things import (
    ATTEMPTS,
    expect_sent,
    prepared_for,
    send_whole,
)


def make(kit: Kit, operation: Operation) -> None:
    """Everything that may be sent is in the response, the next read and the list; what was made before stays."""
    document = kit.document
    item = next((path for path in document.items() if maker(document, path) is operation), "")
    reader, listing = (document.at("GET", item), lister(document, item)) if item else (None, None)
    first = prepared_for(kit, operation)
    earlier = _read_made(kit, reader, item, first, kit.values.send(first))
    prepared = prepared_for(kit, operation)
    before = rows_of(kit, listing, prepared) if listing else ""
    response = send_whole(kit, prepared, {})
    expect_sent(kit, prepared.body, shown(operation), response.data, response, "the response")
    read = _read_made(kit, reader, item, prepared, response)
    if reader is None or read is None or not kit.expect_status(read, 200, why=f"{operation.name} has made it"):
        kit.gap(operation.name, "the read after it", "nothing reads what it makes", accepted=True)
    else:
        expect_sent(kit, prepared.body, shown(reader), read.data, read, "the next read")
    if earlier is not None and earlier.ok and reader is not None:
        again = kit.send(earlier.request, prepared.caller)
        kit.expect(again.data == earlier.data, f"{operation.name} changes another thing that was there before", again)
    if listing is not None and not isinstance(before, str):
        _listed(kit, operation, listing, prepared, before.total, _value(operation, item, response), read)


def _listed(
    kit: Kit, operation: Operation, listing: Operation, prepared: Prepared, total: int | None, value: str | None,
    read: Response | None,
) -> None:  # fmt: skip
    after = rows_of(kit, listing, prepared)
    if isinstance(after, str) or value is None:
        kit.gap(listing.name, f"what {operation.name} makes", str(after), accepted=True)
        return
    name = next((one for one in kit.document.items() if maker(kit.document, one) is operation), "").rpartition("{")[2]
    row = after.row(name.rstrip("}"), value)
    if row is None and not after.whole:
        kit.gap(listing.name, f"what {operation.name} makes", "the list is too long to be read", accepted=True)
    elif kit.expect(row is not None, f"what {operation.name} has made is not in the list", after.response) and row:
        data = read.data if read is not None and read.ok and isinstance(read.data, Mapping) else {}
        other = [part for part in row if part in data and not same(row[part], data[part])]
        kit.expect(not other, f"the list shows another {' and '.join(other)} than the thing itself", after.response)
    for _ in range(ATTEMPTS):
        if total is None or after.total is None or after.total == total + 1:
            break
        # Other people may make or remove some meanwhile.
        total = after.total
        kit.values.send(prepared_for(kit, operation))
        found = rows_of(kit, listing, prepared)
        after = after if isinstance(found, str) else found
    if total is not None and after.total is not None:
        told = f"the total is {after.total} after {operation.name}, and was {total} before"
        kit.expect(after.total == total + 1, told, after.response)


def _value(operation: Operation, item: str, response: Response) -> str | None:
    made = response.made([item])
    return made[1].rpartition("/")[2] if made else made_value(operation, item, response)


def _read_made(
    kit: Kit, reader: Operation | None, item: str, prepared: Prepared, response: Response
) -> Response | None:
    """Return the read of what was made; None if nothing says where that is."""
    if response.status != 201:
        raise CannotTryError(f"{prepared.operation.name} is {reason(response)}")
    value = _value(prepared.operation, item, response) if reader else None
    if reader is None or value is None:
        return None
    made = response.made([item])
    parts = zip(item.split("/"), made[1].split("/"), strict=True) if made else ()
    named = {left[1:-1]: right for left, right in parts if left.startswith("{")}
    prepared.values |= named or {item.rpartition("{")[2].rstrip("}"): value}
    return kit.call(reader, prepared.caller, values=prepared.values)
