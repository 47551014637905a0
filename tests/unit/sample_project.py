"""A copy of the sample project that a test may change, read beside Charter's document."""

import shutil
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

import handlers  # noqa: F401  # Charter's, before a folder of the sample is in the path
import models
from app.config import Config
from app.pipeline.contract import OPENAPI, Contract, read_contract
from app.project import Project
from app.spec.document import Document, DocumentError, load

SAMPLE = Path(__file__).parents[1] / "sample_project"
HANDLERS = "tests.sample_project.handlers"

Files = Mapping[str, str]
"""The content of each file that is changed, by its path in the project."""


def write(folder: Path, files: Files) -> Project:
    """Copy the project, and replace or add files."""
    root = folder / "shop"
    if not root.exists():
        shutil.copytree(SAMPLE, root, ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    return Project("shop", root, HANDLERS)


def edited(name: str, old: str, new: str) -> dict[str, str]:
    """Return a file of the sample with one thing changed."""
    text = (SAMPLE / name).read_text(encoding="utf-8")
    assert text.count(old) == 1, (name, old)
    return {name: text.replace(old, new)}


def document(folder: Path, files: Files) -> Document:
    project = write(folder, files)
    return load(project.document, base=OPENAPI / "openapi.yaml")


def contract(folder: Path, files: Files, *, thorough: bool = False) -> Contract:
    with monkeypatched_path(SAMPLE):
        return read_contract(Config(), project=write(folder, files), thorough=thorough)


def faults(folder: Path, files: Files, *, thorough: bool = False) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        contract(folder, files, thorough=thorough)
    return [str(fault) for fault in caught.value.faults]


@contextmanager
def monkeypatched_path(folder: Path) -> Iterator[None]:
    """Let the code of the sample import its own packages, as the command does in a project."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        # In a checkout, `models` is Charter's package.
        patch.setattr(models, "__path__", [*models.__path__, str(folder / "models")])
        yield
