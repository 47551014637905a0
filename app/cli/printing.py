"""What several commands print alike: JSON, moments, and texts that somebody else wrote."""

import json
from datetime import UTC, datetime
from typing import Any

import click


def print_json(value: Any) -> None:
    """Print a value as JSON, in ASCII: what people write cannot steer the terminal, and any locale can print it."""
    click.echo(json.dumps(value, indent=2))


def told_moment(moment: datetime | None) -> str:
    """Return a moment in UTC to the second, or a dash for none."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if moment else "-"


def printable(text: str | None) -> str:
    """Return a text of somebody else's with everything escaped that could steer the terminal, or a dash for none."""
    if text is None:
        return "-"
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
