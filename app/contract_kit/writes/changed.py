"""What a request sets changes; everything else stays."""

from collections.abc import Mapping
from itertools import islice
from typing import Any

from app.contract_kit.document import Operation
from app.contract_kit.exchange import Response
from app.contract_kit.kit import CannotTryError, Kit
from app.contract_kit.ledger import Entry
from app.contract_kit.makers import maker
from app.contract_kit.prepared import Prepared
from app.contract_kit.values import reason
from app.contract_kit.writes.properties import belongs_with, default, nullable, required, shown, values, writable
from app.contract_kit.writes.things import (
    ATTEMPTS,
    REFUSALS,
    expect_sent,
    expect_unchanged,
    read,
    reader_of,
    send_whole,
    three,
)


def change(kit: Kit, operation: Operation) -> None:
    """What is sent changes, what is left out stays, null is null, and two others of the kind stay as they are."""
    reader = reader_of(kit, operation)
    own = {name: child for name, child in writable(operation).items() if reader and name in shown(reader)}
    if reader is None or not own:
        kit.gap(operation.name, "what it changes", "no read shows what it writes", accepted=True)
        return
    things = three(kit, operation)
    if not things:
        return
    one, about, other = things
    others = [(thing, read(kit, reader, thing)) for thing in (one, other)]
    if operation.method == "PATCH":
        _each(kit, operation, reader, about, own)
    else:
        _whole(kit, operation, reader, about, own)
    expect_unchanged(kit, operation, reader, others)


def _each(kit: Kit, operation: Operation, reader: Operation, about: Prepared, own: dict[str, Any]) -> None:
    refusals: dict[str, Response] = {}
    for name, child in own.items():
        before = read(kit, reader, about)
        for value in islice(values(kit, about, name, child, now=before.data.get(name)), ATTEMPTS):
            if _set(kit, operation, reader, about, name, value, before, refusals):
                break
        else:
            told = reason(refusals[name]) if name in refusals else "the kit knows no other value of it"
            kit.gap(operation.name, f"a change of {name}", told, accepted=True)
            continue
        if nullable(operation, child) and nullable(reader, shown(reader)[name]):
            before = read(kit, reader, about)
            if not _set(kit, operation, reader, about, name, None, before, refusals):
                kit.gap(operation.name, f"null of {name}", reason(refusals[name]), accepted=True)
    if refusals.keys() >= own.keys():
        raise CannotTryError(f"{operation.name} is {reason(next(iter(refusals.values())))}")


def _set(
    kit: Kit, operation: Operation, reader: Operation, about: Prepared, name: str, value: Any, before: Response,
    refusals: dict[str, Response],
) -> bool:  # fmt: skip
    """Set one property; return whether that is accepted."""
    needed = {part: before.data[part] for part in required(operation) if part in before.data}
    about.body = {**needed, name: value}
    renamed = _renaming(kit, reader, about, name, value, before)
    response = kit.values.send(about)
    if response.status in REFUSALS:
        refusals[name] = response
        return False
    refusals.pop(name, None)
    if not kit.expect_status(response, *operation.successes, why=f"{name} is {value!r}"):
        return True
    if renamed:
        about.values[reader.path_parameters[-1]] = value
    after = read(kit, reader, about)
    for found, told in ((response, "the response"), (after, "the next read")):
        if isinstance(found.data, Mapping) and name in found.data:
            expect_sent(kit, {name: value}, shown(reader), found.data, found, told)
    for other in sorted(_writable_of(kit, operation, reader) - {name, *needed}):
        if not belongs_with(operation, name, other):
            stays = after.data.get(other) == before.data.get(other)
            kit.expect(stays, f"{other} changes with {name}, although it is left out", response)
    return True


def _renaming(
    kit: Kit, reader: Operation, about: Prepared, name: str, value: Any, before: Response
) -> bool:  # fmt: skip
    """Return whether the path names the thing by this property; then it is removed at the end by its new name."""
    last = reader.path_parameters[-1:]
    if not last or not isinstance(value, str) or before.data.get(name) != about.values.get(last[0]):
        return False
    remove = kit.document.at("DELETE", reader.path)
    if remove is not None:
        request = kit.request(remove, values={**about.values, last[0]: value})
        kit.ledger.add(Entry("role" if remove.name == "delete_role" else "resource", request.target, request))
    return True


def _whole(kit: Kit, operation: Operation, reader: Operation, about: Prepared, own: dict[str, Any]) -> None:
    before = read(kit, reader, about)
    response = send_whole(kit, about, before.data)
    sent, after = dict(about.body), read(kit, reader, about)
    for found, told in ((response, "the response"), (after, "the next read")):
        if isinstance(found.data, Mapping):
            expect_sent(kit, sent, shown(reader), found.data, found, told)
    for name in sorted(_writable_of(kit, operation, reader) - set(sent)):
        stays = after.data.get(name) == before.data.get(name) or any(belongs_with(operation, one, name) for one in sent)
        kit.expect(stays, f"{operation.name} changes {name}, although it is no property of the request", response)
    nulls = [name for name in own if nullable(operation, own[name]) and nullable(reader, shown(reader)[name])]
    omitted = [name for name in own if name in sent and name not in required(operation)]
    for about.body, names in (
        ({**sent, **dict.fromkeys(nulls)}, nulls),
        ({name: value for name, value in sent.items() if name not in omitted}, omitted),
    ):
        if not names:
            continue
        response = kit.values.send(about)
        if response.status in REFUSALS:
            kit.gap(operation.name, f"{' and '.join(names)} null or left out", reason(response), accepted=True)
            continue
        found = read(kit, reader, about)
        for name in names:
            wanted = default(operation, own[name])
            held = found.data.get(name) == wanted or (name not in about.body and found.data.get(name) != sent[name])
            told = "left out" if name not in about.body else "null"
            kit.expect(held, f"{name} was {told} in the request, and is {found.data.get(name)!r} after it", found)
        kit.values.send(_with(about, sent))


def _with(about: Prepared, body: Any) -> Prepared:
    about.body = body
    return about


def _writable_of(kit: Kit, operation: Operation, reader: Operation) -> set[str]:
    """Return the properties of a thing that some request sets: they change with no other request."""
    collection = reader.path.rpartition("/")[0] if reader.path.endswith("}") else ""
    found = set(writable(operation))
    makes = maker(kit.document, reader.path) if collection else None
    return (found | set(writable(makes) if makes else ())) & set(shown(reader))
