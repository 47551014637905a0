"""Redocly CLI finds no fault in the document."""

from pathlib import Path

from tests.prove import pins
from tests.prove.proof import run
from tests.prove.tools import fetch_node


def prove(place: Path) -> None:
    """Lint the document as Redocly CLI reads it."""
    redocly = fetch_node(place, pins.REDOCLY) / "redocly"
    configuration = place / "redocly.yaml"
    configuration.write_text("extends: [spec]\n")
    run(str(redocly), "lint", "--config", str(configuration), "openapi/openapi.yaml")
