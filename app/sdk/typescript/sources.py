"""The sources of the TypeScript package: generated modules beside the hand-written ones."""

import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.sdk.document import client_document, named_schemas, operations
from app.sdk.methods import read_and_write
from app.sdk.names import camel, pascal
from app.sdk.templates import environment, package_values, tag_descriptions
from app.sdk.typescript.methods import Method, read_methods
from app.sdk.typescript.types import comment, write_types


@dataclass(frozen=True, slots=True)
class Pair:
    """A resource that is read and then written."""

    read: Method
    write: Method


def write_sources(bundle: dict[str, Any], layer: Path, folder: Path) -> None:
    """Write the modules into a folder, which does not exist yet.

    Args:
        layer: has the hand-written modules and the templates.

    Raises:
        GenerationError: a part of the document cannot be generated.
    """
    shutil.copytree(layer / "src", folder)
    for name, text in _rendered(bundle, layer / "templates"):
        target = folder / name
        target.parent.mkdir(exist_ok=True)
        target.write_text(text, encoding="utf-8")


def _rendered(bundle: dict[str, Any], folder: Path) -> Iterator[tuple[str, str]]:
    document = client_document(bundle)
    methods = read_methods(bundle, document)
    templates = environment(folder, comment=comment)
    about = tag_descriptions(bundle)
    received = named_schemas(document, [operation["responses"] for _, _, operation in operations(document)])
    everything = {
        "types": write_types(document, received),
        "queries": [method for chosen in methods.values() for method in chosen if method.query],
        **package_values(bundle),
        "tags": [
            {"module": tag, "name": camel(tag), "class": pascal(tag), "about": about.get(tag, tag)} for tag in methods
        ],
    }
    for name in ("models", "errors", "charter", "index"):
        yield f"{name}.ts", templates.get_template(f"{name}.ts.jinja").render(**everything)
    for tag, chosen in methods.items():
        text = templates.get_template("resource.ts.jinja").render(
            about=about.get(tag, tag),
            methods=chosen,
            pair=_pair(chosen),
            types=_types(chosen),
            **{"class": pascal(tag)},
        )
        yield f"resources/{tag}.ts", text


def _pair(methods: Sequence[Method]) -> Pair | None:
    """Return the resource of a tag that is written where it is read, with If-Match."""
    found = read_and_write(methods)
    return Pair(*found) if found else None


def _types(methods: Sequence[Method]) -> list[str]:
    """Return the names of the models that methods take and return."""
    named = " ".join(f"{method.body} {method.query} {method.result} {method.item}" for method in methods)
    return sorted(set(re.findall(r"\w+", named)) - {"void", "Page", "CursorPage"})
