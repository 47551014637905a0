"""What the run has made, so that all of it is removed at the end, whatever happens."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from app.contract_kit.exchange import Request, Response

# Later kinds are removed first: a role can go when nobody has it, a resource before its owner.
KINDS = ("role", "account", "setting", "resource")


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that the run has made.

    Attributes:
        what: its name, for people.
        remove: the request that removes it, without a token; None if the document has no operation for that.
    """

    kind: str
    what: str
    remove: Request | None


class Ledger:
    """Keeps the list of what was made."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._lock = threading.Lock()

    def add(self, entry: Entry) -> None:
        """Note something that was made."""
        with self._lock:
            self._entries.append(entry)

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def names(self) -> list[str]:
        """Return what was made and is not removed yet."""
        return [entry.what for entry in self._entries]

    def owns(self, target: str) -> bool:
        """Return whether a path is of something that was made."""
        return any(entry.remove is not None and entry.remove.target == target for entry in self._entries)

    def remove_all(self, send: Callable[[Request], Response]) -> list[str]:
        """Remove everything, the latest first; return what is left, with the reason.

        Args:
            send: sends a request with a token that may remove it.
        """
        left: list[str] = []
        kept: Counter[str] = Counter()
        for kind in reversed(KINDS):
            for entry in reversed([entry for entry in self._entries if entry.kind == kind]):
                if entry.remove is None:
                    kept[entry.what] += 1
                else:
                    response = send(entry.remove)
                    if not response.ok and response.status != 404:
                        left.append(f"{entry.what}: {entry.remove.method} {entry.remove.target} is {response.told()}")
                self._entries.remove(entry)
        reason = "the document has no operation that removes it"
        return left + [f"{what}{f', {count} times' if count > 1 else ''}: {reason}" for what, count in kept.items()]
