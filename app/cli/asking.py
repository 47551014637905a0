"""What is asked at the terminal: whether to go on, and a new password. Questions go to standard error."""

import sys

import click

from app.cli.refusals import Refusal

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


def need_somebody_to_ask(yes: bool) -> None:
    """Refuse what has to be confirmed where nobody can be asked.

    Raises:
        Refusal: standard input is no terminal, and `--yes` was not said.
    """
    if not yes and not _at_terminal():
        raise Refusal("standard input is no terminal, so nobody can be asked: add --yes to go ahead")


def confirm(question: str, yes: bool) -> None:
    """Go on if the answer, or `--yes`, says so.

    Raises:
        Abort: it does not.
    """
    if not yes:
        click.confirm(question, abort=True, err=True)


def read_password() -> str:
    """Return a new password: typed twice without echo at a terminal, else the first line of standard input.

    Bytes that are not UTF-8 come back as lone surrogates, which no password may hold.
    """
    if _at_terminal():
        typed: str = click.prompt("New password", hide_input=True, confirmation_prompt="The same again", err=True)
        return typed
    if sys.stdin is None:
        return ""
    line = sys.stdin.buffer.readline(_LONGEST_LINE).decode("utf-8", "surrogateescape")
    return line.removesuffix("\n").removesuffix("\r")


def _at_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()  # None: closed by who started us
