"""The documents that are compared: a bundle, a root file, or what a running deployment serves."""

import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from app.spec.document import (
    Document,
    DocumentError,
    Place,
    Pointer,
    load,
    meta_schema_faults,
    nodes,
    parse_pointer,
)
from app.spec.document.tree import at
from app.spec.document.yaml_text import read_yaml
from app.spec.password_lengths import copy_password_lengths

_SCHEMES = ("http://", "https://")
_PATIENCE_SECONDS = 20
_MAX_BYTES = 32 * 1024 * 1024
_MAX_DEPTH = 200


class SourceError(Exception):
    """A document that cannot be compared; the text says why, and what would be right."""


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A document with its name.

    Attributes:
        name: how messages call it.
        bundle: OpenAPI 3.0 in one mapping.
        document: the same with file and line of each part, where it has some.
    """

    name: str
    bundle: dict[str, Any]
    document: Document | None = None

    @property
    def version(self) -> str:
        """Return info.version."""
        return str(self.bundle["info"]["version"])

    @property
    def is_served(self) -> bool:
        """Return whether a deployment served it."""
        return self.name.startswith(_SCHEMES)

    def where(self, pointer: Pointer) -> Place | None:
        """Return the file and line of a pointer; None if they are not known."""
        return self.document.where(pointer) if self.document else None


def read_sources(old: str, new: str | Source) -> tuple[Source, Source]:
    """Read two documents to compare. What a deployment writes into the document that it serves is no difference.

    Args:
        old: as for `read_source`.
        new: the same, or a document that has been read.

    Raises:
        SourceError: as `read_source`.
    """
    before, after = read_source(old), new if isinstance(new, Source) else read_source(new)
    if before.is_served != after.is_served:
        served, written = (before, after) if before.is_served else (after, before)
        copy_password_lengths(served.bundle, written.bundle)
    return before, after


def read_source(name: str) -> Source:
    """Read a document.

    Args:
        name: the path of a bundle in JSON or of a root file in YAML, or the address of a bundle: that of a deployment
            alone means its /openapi.json.

    Raises:
        SourceError: there is no document of OpenAPI 3.0 there.
    """
    if name.startswith(_SCHEMES):
        return _checked(Source(name, _parse(_fetch(name), name)))
    path = Path(name)
    try:
        if not path.is_file():
            raise SourceError(f"There is no file {name}: name a bundle, a root file, or a URL that starts with http.")
        if path.suffix in (".yaml", ".yml"):
            document = load(path)
            return _checked(Source(name, document.bundle, document))
        raw = path.read_bytes()
    except DocumentError as error:
        more = len(error.faults) - 1
        told = f" There {'is' if more == 1 else 'are'} {more} more fault{'s' * (more != 1)}." if more else ""
        raise SourceError(f"{error.faults[0]}{told}") from error
    except (OSError, ValueError) as error:
        raise SourceError(f"{name} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    return _checked(Source(name, _parse(raw, name), _with_lines(raw, name)))


def _fetch(address: str) -> bytes:
    if address.rstrip("/").count("/") == 2:
        address = f"{address.rstrip('/')}/openapi.json"
    request = urllib.request.Request(address, headers={"Accept": "application/json"})  # noqa: S310 (http or https)
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE_SECONDS) as response:  # noqa: S310 (as above)
            raw: bytes = response.read(_MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise SourceError(f"{address} cannot be read: {error}") from error
    if len(raw) > _MAX_BYTES:
        raise SourceError(f"{address} has more than {_MAX_BYTES} bytes, so it is no document.")
    return raw


def _parse(raw: bytes, name: str) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        shown = raw[:40].decode(errors="replace").strip()
        raise SourceError(f"{name}:{error.lineno}: This is not JSON: {error.msg}. It begins with {shown!r}.") from error


def _with_lines(raw: bytes, name: str) -> Document | None:
    """Return a bundle with its lines: JSON is YAML, with rare exceptions, which have no lines here."""
    text = read_yaml(raw, name)
    return None if text.faults else Document(text.value, name, text.lines, {})


def _checked(source: Source) -> Source:
    bundle: Any = source.bundle
    if not isinstance(bundle, dict) or not str(bundle.get("openapi")).startswith("3.0."):
        found = bundle.get("openapi", bundle.get("swagger")) if isinstance(bundle, dict) else None
        raise SourceError(f"{source.name} is not a document of OpenAPI 3.0, but of {found or 'something else'}.")
    if not isinstance(bundle.get("paths"), dict) or "version" not in (bundle.get("info") or {}):
        raise SourceError(f"{source.name} has no paths or no info.version.")
    if _is_deep(bundle):
        raise SourceError(f"{source.name} is nested more than {_MAX_DEPTH} levels deep, so it is no document.")
    for node in nodes(bundle):
        if isinstance(reference := node.mapping.get("$ref"), str):
            _check_reference(source, node.pointer, reference)
    for fault in meta_schema_faults(source.document or Document(bundle, source.name, {}, {})):
        raise SourceError(_at(source, fault.place, f"This is not OpenAPI 3.0: {fault.message}"))
    return source


def _is_deep(bundle: Any) -> bool:
    level = [bundle]
    for _ in range(_MAX_DEPTH):
        holders = [value.values() if isinstance(value, dict) else value for value in level]
        level = [value for holder in holders for value in holder if isinstance(value, (dict, list))]
    return bool(level)


def _check_reference(source: Source, pointer: Pointer, reference: str) -> None:
    place = source.where((*pointer, "$ref"))
    if not reference.startswith("#/"):
        message = f"The document refers to another file, {reference}: name a bundle, or its root file in YAML."
        raise SourceError(_at(source, place, message))
    try:
        at(source.bundle, parse_pointer(reference[1:]))
    except LookupError:
        raise SourceError(_at(source, place, f"There is no {reference} in the document.")) from None


def _at(source: Source, place: Place | None, message: str) -> str:
    """Return a message with its file and line, as far as they are known."""
    return f"{place if source.document and place else source.name}: {message}"
