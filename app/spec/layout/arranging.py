"""A file of the document in the layout of the house; its meaning and its comments stay."""

import re
from pathlib import PurePath

import yaml

from app.spec.document.places import Fault
from app.spec.document.yaml_text import read_yaml
from app.spec.layout.order import COMPONENTS
from app.spec.layout.sorting import sort_keys
from app.spec.layout.spacing import quote_statuses, space, split_lines

# YAML ends a line at these, and no editor does.
_RARE_BREAKS = re.compile("[\x85\u2028\u2029]")


class UnsafeChangeError(Exception):
    """The file in its new layout would not say the same; it must stay as it is."""


class NotYamlError(Exception):
    """A file that cannot be read.

    Attributes:
        faults: what is wrong with it.
    """

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__("\n".join(map(str, faults)))


def arranged(raw: bytes, path: PurePath, name: str) -> bytes:
    """Return a file in the layout of the house.

    Args:
        raw: its content.
        path: its path from the folder of the document.
        name: its name in faults.

    Raises:
        NotYamlError: it cannot be read.
        UnsafeChangeError: the result would have another meaning.
    """
    before = read_yaml(raw, name)
    if before.faults:
        raise NotYamlError(before.faults)
    text = raw.decode("utf-8")
    if _RARE_BREAKS.search(text):
        raise UnsafeChangeError
    try:
        result = _arranged(split_lines(text), path)
    except yaml.YAMLError as error:
        raise UnsafeChangeError from error
    after = read_yaml(result, name)
    if after.faults or after.value != before.value:
        raise UnsafeChangeError
    return result


def _arranged(lines: list[str], path: PurePath) -> bytes:
    kind = _kind(path)
    if kind:
        ordered = sort_keys(lines, kind)
        if sorted(ordered) != sorted(lines):
            raise UnsafeChangeError
        lines = quote_statuses(ordered, kind)
    lines = space(lines, separate=path.parts[0] in ("paths", "components"))
    return ("\n".join(lines) + "\n").encode()


def _kind(path: PurePath) -> str | None:
    """Return what a file holds; None if the order of its keys is the author's."""
    if path.parts[0] == "paths":
        return "path item"
    return COMPONENTS.get(PurePath(path.parts[1]).stem) if path.parts[0] == "components" else None
