"""What a request sets changes; everything else stays."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from app.contract_kit.document import Operation
from app.contract_kit.exchange import Response
from app.contract_kit.kit import CannotTryError, Kit
from app.contract_kit.ledger import Entry
from app.contract_kit.makers import maker
from app.contract_kit.prepared import Prepared
from app.contract_kit.values import reason
from app.contract_kit.writes.properties import (
    belongs_with,
    default,
    nullable,
    part_of,
    part_with,
    required,
    values,
    writable,
)
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
    reader, sent = reader_of(kit, operation), writable(operation)
    path, known = part_with(reader, sent.keys()) if reader else ((), {})
    own = {name: child for name, child in sent.items() if name in known}
    if reader is None or not own:
        kit.gap(operation.name, "what it changes", "no read shows what it writes", accepted=True)
        return
    things = three(kit, operation)
    if not things:
        return
    one, about, other = things
    others = [(thing, read(kit, reader, thing)) for thing in (one, other)]
    changes = _Changes(kit, operation, reader, about, path, known, own)
    if operation.method == "PATCH":
        changes.one_by_one()
    else:
        changes.all_at_once()
    expect_unchanged(kit, operation, reader, others)


@dataclass
class _Changes:
    """Changes of one thing.

    Attributes:
        path: where the read shows what the operation writes.
        known: the properties that it shows there.
        own: those that the operation writes.
        refusals: by property.
    """

    kit: Kit
    operation: Operation
    reader: Operation
    about: Prepared
    path: tuple[str, ...]
    known: dict[str, Any]
    own: dict[str, Any]
    refusals: dict[str, Response] = field(default_factory=dict)

    def one_by_one(self) -> None:
        """Change each property alone, and set it to null.

        Raises:
            CannotTryError: each change is refused.
        """
        kit, operation = self.kit, self.operation
        for name, child in self.own.items():
            now = self._now().get(name)
            if not any(
                self._set(name, value) for value in islice(values(kit, self.about, name, child, now=now), ATTEMPTS)
            ):
                told = reason(self.refusals[name]) if name in self.refusals else "the kit knows no other value of it"
                kit.gap(operation.name, f"a change of {name}", told, accepted=True)
            elif self._may_be_null(name) and not self._set(name, None):
                kit.gap(operation.name, f"null of {name}", reason(self.refusals[name]), accepted=True)
        if self.refusals.keys() >= self.own.keys():
            raise CannotTryError(f"{operation.name} is {reason(next(iter(self.refusals.values())))}")

    def _now(self) -> dict[str, Any]:
        return part_of(read(self.kit, self.reader, self.about).data, self.path)

    def _may_be_null(self, name: str) -> bool:
        return nullable(self.operation, self.own[name]) and nullable(self.reader, self.known[name])

    def _set(self, name: str, value: Any) -> bool:
        """Set one property; return whether that is accepted."""
        kit, about, before = self.kit, self.about, self._now()
        needed = {other: before[other] for other in required(self.operation) if other in before}
        about.body = {**needed, name: value}
        renamed = self._is_renaming(name, value, before)
        response = kit.values.send(about)
        if response.status in REFUSALS:
            self.refusals[name] = response
            return False
        self.refusals.pop(name, None)
        if not kit.expect_status(response, *self.operation.successes, why=f"{name} is {value!r}"):
            return True
        if renamed:
            about.values[self.reader.path_parameters[-1]] = value
        after = self._expect_sent({name: value}, response)
        for other in sorted(self._not_sent() - {name, *needed}):
            if not belongs_with(self.operation, name, other):
                stays = after.get(other) == before.get(other)
                kit.expect(stays, f"{other} changes with {name}, although it is left out", response)
        return True

    def _is_renaming(self, name: str, value: Any, before: Mapping[str, Any]) -> bool:
        """Return whether the path names the thing by this property; then it is removed at the end by its new name."""
        last = self.reader.path_parameters[-1:]
        if not last or not isinstance(value, str) or before.get(name) != self.about.values.get(last[0]):
            return False
        remove = self.kit.document.at("DELETE", self.reader.path)
        if remove is not None:
            request = self.kit.request(remove, values={**self.about.values, last[0]: value})
            kind = "role" if remove.name == "delete_role" else "resource"
            self.kit.ledger.add(Entry(kind, request.target, request))
        return True

    def _expect_sent(self, sent: Mapping[str, Any], response: Response) -> dict[str, Any]:
        """What was sent is in the response and in the next read; return what that shows."""
        path, known = part_with(self.operation, self.own.keys())
        expect_sent(self.kit, sent, known, part_of(response.data, path), response, "the response")
        after = read(self.kit, self.reader, self.about)
        found = part_of(after.data, self.path)
        if self.kit.expect_status(after, *self.reader.successes, why=f"after {self.operation.name}"):
            expect_sent(self.kit, sent, self.known, found, after, "the next read")
        return found

    def all_at_once(self) -> None:
        """Set everything, then null, then leave out what may be left out: what is not sent is not kept."""
        kit, operation, before = self.kit, self.operation, self._now()
        response = send_whole(kit, self.about, before)
        sent = dict(self.about.body)
        after = self._expect_sent(sent, response)
        for name in sorted(self._not_sent() - set(sent)):
            stays = after.get(name) == before.get(name) or any(belongs_with(operation, one, name) for one in sent)
            kit.expect(stays, f"{operation.name} changes {name}, although it is no property of the request", response)
        self._set_to_null(sent)
        self._leave_out(sent)

    def _set_to_null(self, sent: Mapping[str, Any]) -> None:
        nulls = dict.fromkeys(name for name in self.own if self._may_be_null(name))
        response = self._replaced({**sent, **nulls}, nulls)
        if response is not None:
            self._expect_sent(nulls, response)

    def _leave_out(self, sent: Mapping[str, Any]) -> None:
        omitted = {name: value for name, value in sent.items() if name not in required(self.operation)}
        # Something must be there to be replaced.
        if self._replaced(sent, omitted) is None:
            return
        kept = {name: value for name, value in sent.items() if name not in omitted}
        response = self._replaced(kept, omitted)
        found = self._now()
        for name in omitted if response is not None else ():
            held = name not in self.own or found.get(name) != sent[name] or sent[name] == default(
                self.operation, self.own[name]
            )  # fmt: skip
            told = f"{name} was left out of the request, and is still {found.get(name)!r} after it"
            self.kit.expect(held, told, response)

    def _replaced(self, body: Mapping[str, Any], names: Mapping[str, Any]) -> Response | None:
        """Send another body; return the response, or None if nothing is to be tried or it is refused."""
        if not names:
            return None
        self.about.body = dict(body)
        response = self.kit.values.send(self.about)
        if response.ok:
            return response
        self.kit.gap(self.operation.name, f"{' and '.join(names)} null or left out", reason(response), accepted=True)
        return None

    def _not_sent(self) -> set[str]:
        """Return the properties that some request sets: they change with no other request."""
        makes = maker(self.kit.document, self.reader.path) if self.reader.path.endswith("}") else None
        return (set(writable(self.operation)) | set(writable(makes) if makes else ())) & set(self.known)
