"""A YAML language server, as editors run it, reads the document and tells of mistakes in the x- keys."""

from pathlib import Path

from tests.prove.language_server import check_completions
from tests.prove.proof import needed


def prove(place: Path) -> None:
    """Ask it for completions and faults."""
    needed("npx", package="npm", purpose="have a YAML language server read the document")
    check_completions(place)
