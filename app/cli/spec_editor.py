"""`charter spec editor`: let VS Code check the document while it is edited."""

import json
import os
import re
from pathlib import Path
from typing import Any

import click

from app import resources
from app.cli.errors import CommandError
from app.cli.project import current_project

_KEY = "yaml.schemas"
_EXTENSIONS = "extensions.schema.json"
_SETTINGS = "settings.schema.json"
# A text, or a comment of the JSON that VS Code writes (jsonc).
_COMMENT = re.compile(r'("(?:[^"\\\\]|\\\\.)*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_TRAILING_COMMA = re.compile(r'("(?:[^"\\\\]|\\\\.)*")|,(?=\s*[}\]])')


@click.command(short_help="Let VS Code check the document while it is edited.")
def editor() -> None:
    """Write into .vscode/settings.json which schemas the YAML extension of VS Code (redhat.vscode-yaml) uses.

    It then completes and checks the x- keys in every file of the document. Other settings stay as they are.
    """
    project = current_project()
    root = project.root if project else resources.CHECKOUT
    if root is None:
        raise CommandError("charter spec editor needs a project or a checkout: change to its folder")
    file = root / ".vscode" / "settings.json"
    before = file.read_text(encoding="utf-8") if file.is_file() else ""
    after = with_schemas(before, schemas_for(root), file.relative_to(root).as_posix())
    if after == before:
        click.echo(".vscode/settings.json is up to date")
        return
    file.parent.mkdir(exist_ok=True)
    file.write_text(after, encoding="utf-8")
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
        CommandError: the text is not JSON, or has other schemas between comments, where nothing can be added safely.
    """
    if not text.strip():
        return json.dumps({_KEY: schemas}, indent=2) + "\n"
    settings = _read(text, name)
    found = settings.get(_KEY, {})
    # Schemas of an older version of Charter lie elsewhere.
    kept = {key: files for key, files in found.items() if Path(key).name not in (_EXTENSIONS, _SETTINGS)}
    wanted = {**kept, **schemas}
    if found == wanted:
        return text
    indent = found_indent[1] if (found_indent := re.search(r"\n([ \t]+)\S", text)) else "  "
    if _KEY not in settings:
        entry = json.dumps({_KEY: wanted}, indent=indent)[1:-1].rstrip()
        start = _COMMENT.sub(lambda part: part[1] or " " * len(part[0]), text).index("{") + 1
        return f"{text[:start]}{entry}{',' if settings else ''}{text[start:] if settings else chr(10) + '}' + chr(10)}"
    try:
        json.loads(text)
    except ValueError:
        entry = json.dumps({_KEY: wanted}, indent=2)
        raise CommandError(f"{name} has comments, and other {_KEY}: write this into it by hand: {entry}") from None
    return json.dumps({**settings, _KEY: wanted}, indent=indent, ensure_ascii=False) + "\n"


def _read(text: str, name: str) -> dict[str, Any]:
    plain = _COMMENT.sub(lambda part: part[1] or re.sub(r"[^\n]", " ", part[0]), text)
    plain = _TRAILING_COMMA.sub(lambda part: part[1] or " ", plain)
    try:
        settings = json.loads(plain)
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        raise CommandError(f"{name}:{line}: this is not JSON: correct it, or delete the file") from None
    if not isinstance(settings, dict) or not isinstance(settings.get(_KEY, {}), dict):
        raise CommandError(f"{name}:1: the settings, or {_KEY} in them, are no object: correct them")
    return settings
