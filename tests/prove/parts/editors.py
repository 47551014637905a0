"""A YAML language server, as editors run it, reads the document and tells of mistakes in the x- keys."""

from pathlib import Path

from tests.prove.language_server import check_completions


def prove(place: Path) -> None:
    """Ask it for completions and faults."""
    check_completions(place)
