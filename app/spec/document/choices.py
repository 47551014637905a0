"""What a project chooses of Charter's operations, in `x-charter` of its root file.

x-charter:
  omit: [register]            # not served
  hide: [invalidate_cache]    # served, and absent from the document that clients get
  weaken: [get_user_stats]    # protected less by the overlay than by Charter, on purpose
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from app.spec.document.places import Fault, Place
from app.spec.document.sources import Sources
from app.spec.document.tree import operations_of

KEY = "x-charter"
_LISTS = ("omit", "hide", "weaken")
# What somebody who omits an operation should know. The key is the operationId.
_CONSEQUENCES = {
    "login": "nobody can sign in, so every operation that needs a token is closed",
    "refresh": "every session ends for its client when the first access token expires",
    "logout": "clients cannot end their session",
    "get_health": "load balancers and the package for clients have nothing to ask",
    "get_liveness": "an orchestrator cannot tell whether a process lives",
}


@dataclass(frozen=True, slots=True)
class Choices:
    """The operationIds that a project omits or hides, or whose protection it weakens, each with its place."""

    omitted: Mapping[str, Place]
    hidden: Mapping[str, Place]
    weakened: Mapping[str, Place]

    def warnings(self, served: Collection[str]) -> Iterator[Fault]:
        """Yield what an omission costs, unless the project has an operation of that name.

        Args:
            served: the operationIds of the document.
        """
        for name, place in self.omitted.items():
            if name in _CONSEQUENCES and name not in served:
                yield Fault(place, f"Without {name}, {_CONSEQUENCES[name]}.", "Write an operation of your own for it.")


NOTHING_CHOSEN = Choices({}, {}, {})


def read_choices(sources: Sources, root: dict[str, Any], items: Mapping[str, Any], base: Mapping[str, Any]) -> Choices:
    """Return what the root file of a project chooses; add a fault for each thing that is wrong.

    Args:
        sources: the files.
        root: the content of the root file.
        items: the path items of the project.
        base: those of Charter.
    """
    if KEY not in root:
        return NOTHING_CHOSEN
    path = sources.own.root
    line = sources.lines[id(root)].children[KEY]
    written = root[KEY]
    if not isinstance(written, dict):
        sources.fault(path, line, f"{KEY} is not a mapping.", "Write the lists `omit`, `hide` and `weaken` into it.")
        return NOTHING_CHOSEN
    found: dict[str, dict[str, Place]] = {name: {} for name in _LISTS}
    inherited, own = _operation_ids(base), _operation_ids(items)
    for key, names in written.items():
        line = sources.lines[id(written)].children[key]
        if key not in _LISTS:
            sources.fault(path, line, f"There is no key {key} in {KEY}.", "Write `omit`, `hide` or `weaken`.")
        elif not isinstance(names, list):
            sources.fault(path, line, f"{key} is not a list.", "Write a list of operationIds.")
        else:
            known = {*inherited, *own} if key == "hide" else inherited
            for index, name in enumerate(names):
                line = sources.lines[id(names)].children[index]
                if problem := _problem(key, str(name), known, own, found):
                    sources.fault(path, line, *problem)
                else:
                    found[key][str(name)] = sources.place(path, line)
    return Choices(found["omit"], found["hide"], found["weaken"])


def _problem(
    key: str, name: str, known: Collection[str], own: Collection[str], found: Mapping[str, Mapping[str, Place]]
) -> tuple[str, str] | None:
    """Return what is wrong with one name, and how to fix it."""
    # What is hidden is served, and may be weakened, too.
    others = [places for other, places in found.items() if other == key or {key, other} != {"hide", "weaken"}]
    earlier = next((places[name] for places in others if name in places), None)
    if earlier:
        return f"{name} is already listed at {earlier}.", "Remove one of the two."
    if name in known:
        return None
    if name in own:
        if key == "weaken":
            return (
                f"{name} is an operation of this project, which no overlay protects less.",
                "Remove it from the list.",
            )
        return f"{name} is an operation of this project, and only Charter's can be omitted.", "Delete it, or hide it."
    similar = get_close_matches(name, sorted(known), n=1, cutoff=0.6)
    fix = f"Did you mean {similar[0]}?" if similar else "charter spec routes lists the operations."
    return f"There is no operation {name} in Charter's document.", fix


def _operation_ids(items: Mapping[str, Any]) -> set[str]:
    return {str(operation.get("operationId")) for item in items.values() for operation in operations_of(item).values()}
