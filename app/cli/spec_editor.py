"""`charter spec editor`: let VS Code check the document while it is edited."""

import os
from pathlib import Path

import click

from app import resources
from app.cli.errors import CommandError
from app.cli.jsonc import Entry, JsoncError, read_jsonc, with_entry, without_entry
from app.cli.project import current_project, require_document
from app.cli.writing import read_text, write_file

_KEY = "yaml.schemas"
_EXTENSIONS = "extensions.schema.json"
_SETTINGS = "settings.schema.json"
_BYTE_ORDER_MARK = "\ufeff"


@click.command(short_help="Let VS Code check the document while it is edited.")
def editor() -> None:
    """Write into .vscode/settings.json which schemas the YAML extension of VS Code (redhat.vscode-yaml) uses.

    It then completes and checks the x- keys in every file of the document. Other settings and comments stay.
    """
    project = current_project()
    root = project.root if project else resources.CHECKOUT
    if root is None:
        raise CommandError("charter spec editor needs a project or a checkout: change to its folder")
    require_document()
    file = root / ".vscode" / "settings.json"
    before = read_text(file, root)
    after = with_schemas(before or "", schemas_for(root), file.relative_to(root).as_posix())
    if after == before:
        click.echo(".vscode/settings.json is up to date")
        return
    write_file(file, after.encode(), root, before=None if before is None else before.encode())
    click.echo("wrote .vscode/settings.json")


def schemas_for(root: Path) -> dict[str, list[str]]:
    """Return the files that each schema is for; both as VS Code takes them, from the folder that is open."""

    def schema(name: str) -> str:
        path = resources.OPENAPI / name
        inside = path.is_relative_to(root)
        return "./" + os.path.relpath(path, root).replace(os.sep, "/") if inside else path.as_uri()

    parts = ["openapi/openapi.yaml", "openapi/paths/**/*.yaml", "openapi/components/**/*.yaml"]
    return {schema(_EXTENSIONS): parts, schema(_SETTINGS): ["openapi/settings.yaml"]}


def with_schemas(text: str, schemas: dict[str, list[str]], name: str) -> str:
    """Return the settings of an editor with these schemas; comments and all other settings stay.

    Args:
        text: the settings so far, JSON with comments; empty if there are none.
        name: of the file, for errors.

    Raises:
        CommandError: the text is not JSON, or the settings or the schemas in it are not an object.
    """
    mark = _BYTE_ORDER_MARK if text.startswith(_BYTE_ORDER_MARK) else ""
    text = text.removeprefix(mark)
    if not text.strip():
        text = "{}\n"
    settings = _read(text, name)
    if _KEY not in (settings.entries or {}):
        return mark + with_entry(text, settings, _KEY, schemas, depth=1)
    for schema, files in schemas.items():
        held = _schemas(text, name)
        assert held.entries is not None
        # Schemas of an older version of Charter lie elsewhere.
        old = [key for key in held.entries if key != schema and Path(key).name == Path(schema).name]
        if schema not in held.entries or held.entries[schema].value != files:
            instead = old.pop(0) if old and schema not in held.entries else None
            text = with_entry(text, held, schema, files, depth=2, instead=instead)
        for key in old:
            text = without_entry(text, _schemas(text, name), key)
    return mark + text


def _schemas(text: str, name: str) -> Entry:
    settings = _read(text, name)
    assert settings.entries is not None
    return settings.entries[_KEY]


def _read(text: str, name: str) -> Entry:
    try:
        settings = read_jsonc(text)
    except JsoncError as error:
        message = f"{name}:{error.line}: this is not JSON, {error.problem}: correct it, or delete the file"
        raise CommandError(message) from None
    held = (settings.entries or {}).get(_KEY)
    if settings.entries is None or (held and held.entries is None):
        line = text.count("\n", 0, held.start if held else settings.start) + 1
        raise CommandError(f"{name}:{line}: {_KEY if held else 'the settings'} must be an object: correct it")
    return settings
