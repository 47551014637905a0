"""Where generators run: a folder, the document in it, and what each generator needs."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.prove.generators.concerned import concerned
from tests.prove.tools import told


class Workshop:
    """The folder of the proof with one document.

    Args:
        place: the folder of the proof, where the tools are.
        name: of the folder for this document.
        bundle: the document.

    Attributes:
        document: the path of the document as a bundle in JSON.
    """

    def __init__(self, place: Path, name: str, bundle: dict[str, Any]) -> None:
        self.place, self.bundle = place, bundle
        self._folder = place / name
        self._folder.mkdir()
        self.document = self._folder / "openapi.json"
        self.document.write_text(json.dumps(bundle), encoding="utf-8")

    def folder(self, name: str) -> Path:
        """Return a new folder for a client."""
        made = self._folder / name
        made.mkdir()
        return made

    def run(self, folder: Path, *words: str | Path, **variables: str) -> float:
        """Run a generator or compiler; return the seconds that it took.

        Raises:
            AssertionError: it failed; the message names the operations and schemas that it complains about.
        """
        began = time.monotonic()
        done = told(words, folder, variables)
        output = f"{done.stdout}\n{done.stderr}"
        assert done.returncode == 0, self._complaint(words, output, folder)
        return time.monotonic() - began

    def _complaint(self, words: Sequence[str | Path], output: str, folder: Path) -> str:
        names = concerned(output, folder, self.bundle)
        last = "\n".join(line for line in output.splitlines() if line.strip()) or "it printed nothing"
        return f"{Path(words[0]).name} fails; it names {', '.join(names) or 'no operation or schema'}:\n{last[-3000:]}"
