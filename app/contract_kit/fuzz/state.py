"""What the run tells the process of Schemathesis, and what comes back: files that only this user can read."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

VARIABLE = "CHARTER_CONTRACT_FUZZ"
_TASK, _MADE, _SEEN = "task.json", "made.jsonl", "seen.json"


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done.

    Attributes:
        caller: nobody, peer or admin.
        maker: email and password of an admin who makes accounts, and never acts.
        role: of the accounts that act; empty: nobody acts.
        bare_role: of the accounts that are acted on.
        ca_file: see `Address`.
    """

    url: str
    run: str
    caller: str
    maker: tuple[str, str]
    role: str
    bare_role: str
    domain: str
    ca_file: str = ""


class State:
    """The files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, task: Task) -> None:
        """Write the task."""
        path = self._folder / _TASK
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(task)), encoding="utf-8")

    def task(self) -> Task:
        """Read the task."""
        found = json.loads((self._folder / _TASK).read_text(encoding="utf-8"))
        return Task(**{**found, "maker": tuple(found["maker"])})

    def made(self, kind: str, target: str, *, operation: str = "") -> None:
        """Note something that was made, at once: the process may be ended."""
        line = json.dumps({"kind": kind, "target": target, "operation": operation})
        with (self._folder / _MADE).open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    def everything_made(self) -> Iterator[dict[str, str]]:
        """Yield what was made."""
        path = self._folder / _MADE
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            yield json.loads(line)

    def saw(self, rows: list[Any]) -> None:
        """Write which responses were seen: operation, status, code and how often."""
        (self._folder / _SEEN).write_text(json.dumps(rows), encoding="utf-8")

    def seen(self) -> list[Any]:
        """Read which responses were seen."""
        path = self._folder / _SEEN
        found: list[Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
        return found
