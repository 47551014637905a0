"""How commands print JSON, times, and text from users."""

import json
from datetime import UTC, datetime
from typing import Any

import click


def print_json(value: Any) -> None:
    """Print a value as JSON in ASCII, which cannot control the terminal and can be printed in every locale."""
    click.echo(json.dumps(value, indent=2))


def format_time(moment: datetime | None) -> str:
    """Return a time in UTC to the second; a dash for None."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if moment else "-"


def printable(text: str | None) -> str:
    """Return a text with everything escaped that could control the terminal; a dash for None."""
    if text is None:
        return "-"
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )
