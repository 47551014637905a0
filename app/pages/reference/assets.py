"""The files that the pages of the reference load: the viewers of others, and our own scripts and styles."""

from collections.abc import Iterator, Mapping

from app.pages.representations import PackedFile, Representation
from app.resources import APP

_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def read_assets() -> dict[str, Representation]:
    """Return the files by name."""
    return dict(_read())


def _read() -> Iterator[tuple[str, Representation]]:
    for folder in ("vendor", "reference/static"):
        for file in (APP / "pages" / folder).iterdir():
            name = file.name.removesuffix(".gz")
            media_type = _MEDIA_TYPES.get(name[name.rfind(".") :])
            if media_type is not None and file.suffix == ".gz":
                yield name, PackedFile(file, media_type)
            elif media_type is not None:
                yield name, Representation(file.read_bytes(), media_type)


def address(assets: Mapping[str, Representation], name: str) -> str:
    """Return the address of a file, relative to the folder `docs`; it changes with the content."""
    return f"{name}?v={assets[name].version}"
