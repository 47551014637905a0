"""The sources of the Python package: generated modules beside the hand-written ones."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.sdk.document import GenerationError, client_document
from app.sdk.methods import read_and_write
from app.sdk.names import pascal, snake
from app.sdk.python.generator import write_models
from app.sdk.python.methods import Method, docstring, read_methods
from app.sdk.python.models import hide_secrets, name_members
from app.sdk.templates import environment, package_values, tag_descriptions

PACKAGE = "charter_client"
# The signatures of the models have complete types, the inside of their methods has not.
_MODELS = """# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
"""
_FORMAT = ("--isolated", "--line-length", "120", "--target-version", "py311", "--no-cache")


@dataclass(frozen=True, slots=True)
class Pair:
    """A resource that is read and then written.

    Attributes:
        changes: the name of the type of what can be changed.
    """

    read: Method
    write: Method
    changes: str


def write_sources(bundle: dict[str, Any], layer: Path, folder: Path) -> None:
    """Write the package into a folder, which does not exist yet.

    Args:
        layer: has the hand-written modules and the templates.

    Raises:
        GenerationError: a part of the document cannot be generated.
    """
    templates = layer / "templates"
    with TemporaryDirectory(prefix="charter-sdk-") as scratch:
        made = Path(scratch) / "generated"
        document = client_document(bundle)
        name_members(document)
        endpoints = write_models(document, made, templates / "generator")
        shutil.copytree(layer / PACKAGE, folder, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.move(made / "models", folder / "models")
        shutil.move(made / "types.py", folder / "types.py")
    hide_secrets(document, folder / "models")
    for path in (folder / "models").glob("*.py"):
        path.write_text(_MODELS + path.read_text(encoding="utf-8"), encoding="utf-8")
    enums = [name for name, schema in document["components"]["schemas"].items() if "enum" in schema]
    methods = read_methods(bundle, endpoints, enums)
    for name, text in _rendered(bundle, methods, _exported(folder / "models"), templates):
        target = folder / name
        target.parent.mkdir(exist_ok=True)
        target.write_text(text, encoding="utf-8")
    (folder / "py.typed").touch()
    _tidy(folder)


def _exported(models: Path) -> list[str]:
    """Return the names that `models` exports."""
    text = (models / "__init__.py").read_text(encoding="utf-8")
    names: list[str] = json.loads(text.partition("__all__ = ")[2].partition("]")[0].rstrip(", \n") + "]")
    return names


def _rendered(
    bundle: dict[str, Any], methods: dict[str, list[Method]], names: Sequence[str], folder: Path
) -> Iterator[tuple[str, str]]:
    templates = environment(
        folder, docstring=docstring, iterator_docstring=_iterator_docstring, updater_docstring=_updater_docstring
    )
    about = tag_descriptions(bundle)
    pairs = {tag: pair for tag in methods if (pair := _pair(methods[tag])) is not None}
    everything = {
        **package_values(bundle),
        "names": names,
        "pairs": list(pairs.values()),
        "tags": [{"module": snake(tag), "class": pascal(tag), "about": about.get(tag, tag)} for tag in methods],
    }
    for target, template in (
        ("__init__.py", "package_init"),
        ("client.py", "client"),
        ("errors.py", "errors"),
        ("changes.py", "changes"),
    ):
        yield target, templates.get_template(f"{template}.py.jinja").render(**everything)
    yield "resources/__init__.py", '"""The operations, a module for each tag."""\n'
    for tag, chosen in methods.items():
        yield (
            f"resources/{snake(tag)}.py",
            templates.get_template("resource.py.jinja").render(
                about=about.get(tag, tag),
                methods=chosen,
                names=names,
                changes=[pair.changes for pair in pairs.values()],
                pair=pairs.get(tag),
                **{"class": pascal(tag)},
            ),
        )


def _pair(methods: Sequence[Method]) -> Pair | None:
    """Return the resource of a tag that is written where it is read, with If-Match."""
    found = read_and_write(methods)
    return Pair(*found, f"{found[1].body_model.removesuffix('Request')}Changes") if found else None


def _iterator_docstring(method: Method) -> str:
    return f'"""Yield the items of all pages of {method.name}, which has the same arguments."""'


def _updater_docstring(method: Method) -> str:
    arguments = "\n".join(f"            {argument.name}: {argument.about}" for argument in method.path_arguments)
    return (
        f'"""Read, change and write with {method.name}, and begin again if another change came in between.\n\n'
        f"        Args:\n{arguments}{chr(10) if arguments else ''}"
        "            change: Gets what was read and returns the properties to change; an empty dict changes nothing.\n"
        '        """'
    )


def _tidy(folder: Path) -> None:
    """Remove imports that nothing uses, and format."""
    for words in (["check", "--fix-only", "--select", "F401,I,UP006,UP007,UP035,UP037,RET505"], ["format"]):
        command = [sys.executable, "-m", "ruff", *words, *_FORMAT, str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise GenerationError(f"What was generated is not Python: {done.stderr.strip() or done.stdout.strip()}")
