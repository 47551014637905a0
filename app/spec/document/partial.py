"""A document of which a part is wrong or missing: the rest is checked, and what only follows from it is not reported.

A reference without a target gets the reference to a *stand-in*, a component that is valid and says nothing. A part
that is wrong, or that refers to such a part, is *incomplete*: what it looks like cannot be judged yet.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from app.spec.document.bundle import Document
from app.spec.document.places import Fault, Place
from app.spec.document.stand_ins import NOWHERE, STAND_IN
from app.spec.document.tree import METHODS, Pointer, parse_pointer


@dataclass(slots=True)
class Incomplete:
    """The parts of a document that cannot be judged, because of the faults known so far.

    Attributes:
        document: what could be read.
        gaps: whether operations may be missing, because a file could not be read.
        pointers: of the operations and components.
        places: their lines.
    """

    document: Document
    gaps: bool = False
    pointers: set[Pointer] = field(default_factory=set)
    places: set[Place] = field(default_factory=set)
    _owners: dict[Pointer, set[Place]] | None = None
    _used: dict[Pointer, set[Pointer]] = field(default_factory=dict)

    def add(self, faults: Collection[Fault]) -> None:
        """Mark every part that one of these faults is in, and every part that refers to such a part."""
        if not faults:
            return
        owners, wrong = self._places_of_owners(), {fault.place for fault in faults}
        found = {owner for owner, places in owners.items() if places & wrong or STAND_IN in owner}
        while found:
            self.pointers |= found
            found = {owner for owner, used in self._used.items() if used & self.pointers} - self.pointers
        for owner in self.pointers:
            self.places |= owners.get(owner, set())

    def follows(self, fault: Fault) -> bool:
        """Return whether a fault may only follow from another, because of the place where it is."""
        return fault.place in self.places or fault.place == NOWHERE

    def blamed(self, fault: Fault) -> Fault:
        """Return a fault in Charter's part at the line of the overlay that causes it, if there is one.

        Charter's part has no faults by itself. What an overlay changes may be another part, to which the one with the
        fault refers, and of what it removes no line is left.
        """
        if not fault.place.inherited or self.document.overlay is None:
            return fault
        for owner, places in self._places_of_owners().items():
            if fault.place in places and (found := self._changes_of(owner)):
                message = f"This change is not right for {fault.place}: {fault.message}"
                return Fault(min(found), message, fault.fix)
        return fault

    def _changes_of(self, owner: Pointer) -> list[Place]:
        """Return the lines of the overlay that change a part, its path, or what it refers to."""
        parts, waiting = {owner}, [owner]
        while waiting:
            new = self._used.get(waiting.pop(), set()) - parts
            parts |= new
            waiting += new
        places = {self.document.where(owner[:2])}.union(*(self._places_of_owners().get(part, set()) for part in parts))
        return [place for place in places if place.file == self.document.overlay]

    def _places_of_owners(self) -> dict[Pointer, set[Place]]:
        if self._owners is None:
            document, bundle = self.document, self.document.bundle
            self._owners = {}
            for pointer, node, shared in (*_operations(bundle), *_components(bundle)):
                parts = [(pointer, node), *shared]
                self._owners[pointer] = set().union(*(document.places(*part) for part in parts))
                self._used[pointer] = set().union(*(_references(part) for _, part in parts))
        return self._owners


_Owner = tuple[Pointer, Any, list[tuple[Pointer, Any]]]
"""Where an operation or component is, what it is, and the parts of its path that are also its own."""


def _operations(bundle: dict[str, Any]) -> Iterable[_Owner]:
    for path, item in bundle["paths"].items():
        shared: list[tuple[Pointer, Any]] = [
            (("paths", path, key), part) for key, part in item.items() if key not in METHODS
        ]
        for method in METHODS:
            if method in item:
                yield ("paths", path, method), item[method], shared


def _components(bundle: dict[str, Any]) -> Iterable[_Owner]:
    kinds = bundle.get("components")
    for kind, entries in kinds.items() if isinstance(kinds, dict) else ():
        for name, component in entries.items() if isinstance(entries, dict) else ():
            yield ("components", kind, name), component, []


def _references(node: Any) -> set[Pointer]:
    """Return the components that a part refers to."""
    found: set[Pointer] = set()
    waiting = [node]
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict):
            if isinstance(reference := here.get("$ref"), str):
                found.add(parse_pointer(reference[1:])[:3])
            waiting += here.values()
        elif isinstance(here, list):
            waiting += here
    return found


class Faults:
    """The faults of a document, collected stage by stage.

    Args:
        incomplete: the parts that cannot be judged; the faults of each stage add to it.
        known: those that reading the files has shown.
    """

    def __init__(self, incomplete: Incomplete, known: Iterable[Fault]) -> None:
        self.incomplete = incomplete
        self.all = [*known]
        incomplete.add(self.all)

    @property
    def places(self) -> set[Place]:
        """The places of the faults so far."""
        return {fault.place for fault in self.all}

    def add_second_opinion(self, stage: Callable[[], Iterable[Fault]]) -> None:
        """Add what another program finds, but for what repeats a fault: at the same line, or at no line at all.

        Raises:
            Exception: as of `add`.
        """
        known, nowhere = self.places, self.incomplete.document.where(())
        taken = known | {nowhere} if known else known
        self.add(lambda: [fault for fault in stage() if fault.place not in taken])

    def add(self, stage: Callable[[], Iterable[Fault]], *, marks: bool = False, elsewhere: bool = False) -> None:
        """Add the faults of a stage; those that may only follow from an earlier stage are left out.

        Args:
            stage: returns them.
            marks: whether the next stages cannot judge the parts that these faults are in.
            elsewhere: whether the stage itself leaves out what follows from another fault.

        Raises:
            Exception: the stage failed, and no fault is known that explains it.
        """
        try:
            new = [fault for fault in stage() if elsewhere or not self.incomplete.follows(fault)]
        except Exception:
            # A document that does not have the form of OpenAPI cannot always be read any further.
            if not self.all:
                raise
            return
        self.all += new
        if marks:
            self.incomplete.add(new)
