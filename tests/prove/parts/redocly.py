"""Redocly CLI finds no fault in the document."""

from pathlib import Path

from tests.prove.proof import needed, run


def prove(place: Path) -> None:
    """Lint the document as Redocly CLI reads it."""
    npx = needed("npx", package="npm", purpose="have Redocly CLI read the document")
    configuration = place / "redocly.yaml"
    configuration.write_text("extends: [spec]\n")
    run(npx, "--yes", "@redocly/cli@2", "lint", "--config", str(configuration), "openapi/openapi.yaml")
