"""Questions at the terminal: whether to continue, and a new secret. They are printed to standard error."""

import sys

import click

_MAX_LINE_BYTES = 65536


class Text(click.ParamType[str]):
    """An argument of 1 to `longest` characters that PostgreSQL can store: Unicode without NUL.

    Args:
        longest: the greatest number of code points.
    """

    name = "text"

    def __init__(self, longest: int) -> None:
        self._longest = longest

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text.

        Raises:
            BadParameter: it is too short, too long, or not valid text.
        """
        if not 1 <= len(value) <= self._longest:
            self.fail(f"must have 1 to {self._longest} characters, not {len(value)}", param, ctx)
        if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in value):
            self.fail("is not valid text", param, ctx)
        return value


def confirm(question: str, yes: bool) -> None:
    """Ask whether to continue. With `--yes`, or without a terminal, nothing is asked.

    Raises:
        Abort: the user does not confirm.
    """
    if not yes and _at_terminal():
        click.confirm(question, abort=True, err=True)


def read_secret(question: str) -> str | None:
    """Return a new secret: typed twice without echo at a terminal, else the first line of standard input.

    Bytes that are not UTF-8 become lone surrogates, which no secret may have.

    Args:
        question: what to ask for, such as `New password`.

    Returns:
        None if there is no terminal and standard input is empty.
    """
    if _at_terminal():
        typed: str = click.prompt(question, hide_input=True, confirmation_prompt="Repeat it", err=True)
        return typed
    if sys.stdin is None:
        return None
    line = sys.stdin.buffer.readline(_MAX_LINE_BYTES).decode("utf-8", "surrogateescape")
    return None if not line else line.removesuffix("\n").removesuffix("\r")


def _at_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()  # None if the parent process closed it
