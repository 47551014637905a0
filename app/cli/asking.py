"""What is asked at the terminal: whether to go on, and a new secret. Questions go to standard error."""

import sys

import click

_LONGEST_LINE = 65536


class Text(click.ParamType[str]):
    """An argument of 1 to `longest` characters that PostgreSQL can keep: Unicode without NUL.

    Args:
        longest: code points.
    """

    name = "text"

    def __init__(self, longest: int) -> None:
        self._longest = longest

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text.

        Raises:
            BadParameter: it is too short or too long, or not valid text.
        """
        if not 1 <= len(value) <= self._longest:
            self.fail(f"takes 1 to {self._longest} characters", param, ctx)
        if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in value):
            self.fail("is not valid text", param, ctx)
        return value


def confirm(question: str, yes: bool) -> None:
    """Ask whether to go on, unless `--yes` was said or there is no terminal: a script has made up its mind.

    Raises:
        Abort: the answer is no.
    """
    if not yes and _at_terminal():
        click.confirm(question, abort=True, err=True)


def read_secret(question: str) -> str | None:
    """Return a new secret: typed twice without echo at a terminal, else the first line of standard input.

    Bytes that are not UTF-8 come back as lone surrogates, which no secret may hold.

    Args:
        question: what is asked for, such as `New password`.

    Returns:
        None where there is no terminal and standard input has nothing.
    """
    if _at_terminal():
        typed: str = click.prompt(question, hide_input=True, confirmation_prompt="The same again", err=True)
        return typed
    if sys.stdin is None:
        return None
    line = sys.stdin.buffer.readline(_LONGEST_LINE).decode("utf-8", "surrogateescape")
    return None if not line else line.removesuffix("\n").removesuffix("\r")


def _at_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()  # None: closed by who started us
