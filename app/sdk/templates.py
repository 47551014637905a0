"""What the templates of every package share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2

from app.sdk.error_codes import error_codes


def environment(folder: Path, **functions: Callable[..., str]) -> jinja2.Environment:
    """Return the environment of the templates in a folder, which may call these functions."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder), trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined, autoescape=False, keep_trailing_newline=True,  # noqa: S701  # it writes code
    )  # fmt: skip
    made.globals.update(functions)
    return made


def package_values(bundle: dict[str, Any]) -> dict[str, Any]:
    """Return the values that templates of every language need.

    They are the error codes, the release, the version of the envelope, and the path of refresh, None if it has none.

    Raises:
        GenerationError: an error code has no description.
    """
    return {
        "errors": error_codes(bundle),
        "release": bundle["info"]["version"],
        "version": bundle["components"]["schemas"]["EnvelopeVersion"]["enum"][0],
        "refresh_path": next((path for path, item in bundle["paths"].items() if _refreshes(item)), None),
    }


def _refreshes(item: dict[str, Any]) -> bool:
    return bool(item.get("post", {}).get("operationId") == "refresh")


def tag_descriptions(bundle: dict[str, Any]) -> dict[str, str]:
    """Return the first sentence of the description of each tag."""
    return {tag["name"]: _first_sentence(tag["description"]) for tag in bundle["tags"]}


def _first_sentence(text: str) -> str:
    return " ".join(text.split()).partition(". ")[0].rstrip(".") + "."
