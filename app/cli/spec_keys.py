"""`charter spec keys`: what each x- key means, also where only the wheel is."""

import re

import click

from app.cli.errors import CommandError
from app.cli.help_examples import example
from app.cli.printing import printable
from app.cli.tables import print_table
from app.resources import OPENAPI

_ROW = re.compile(r"^\| \[`(x-[a-z-]+)`\]\([^)]*\) \| (.*) \| (.*) \| (.*) \|$", re.MULTILINE)
_LINK = re.compile(r"\[([^]]*)\]\([^)]*\)")


@click.command(short_help="Explain the x- keys.", epilog=example("charter spec keys", "charter spec keys x-owner"))
@click.argument("key", required=False)
def keys(key: str | None) -> None:
    """List the x- keys, or explain one: its values, an example, and what holds where it is absent."""
    page = (OPENAPI / "extensions.md").read_text(encoding="utf-8")
    rows = [tuple(cell.replace("`", "") for cell in row) for row in _ROW.findall(page)]
    if key is None:
        print_table(("KEY", "OF", "VALUE", "IF ABSENT"), rows)
        return
    name = key if key.startswith("x-") else f"x-{key}"
    sections = dict(re.findall(r"^## (x-[a-z-]+)\n+(.*?)\n*(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))
    if name not in sections:
        from app.spec.suggestions import suggest

        fix = suggest(name, sections, "List them with charter spec keys.")
        raise CommandError(f"there is no key {printable(name)}: {fix[0].lower()}{fix[1:]}")
    text = _LINK.sub(r"\1", sections[name])
    click.echo(f"{name}\n\n{text}")
