"""`charter sdk`: build the packages for clients."""

from collections.abc import Callable
from pathlib import Path

import click

from app import resources
from app.cli.errors import CommandError
from app.cli.spec import read_bundle

_NEEDS = "charter sdk build needs the tools of a checkout: install them with make install"


@click.group(short_help="Build the packages for clients.")
def sdk() -> None:
    """Build the packages for clients from the document."""


@sdk.command(short_help="Build the package of a language.")
@click.argument("language", type=click.Choice(["python"]))
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("dist"),
    show_default=True,
    help="The folder to write to.",
)
def build(language: str, output: Path) -> None:
    """Build the package of a language, ready to be published, from the document under openapi/.

    The same document gives the same bytes. Python: a wheel and a source archive of charter-client.
    """
    from app.sdk.document import GenerationError

    checkout = resources.CHECKOUT
    if checkout is None:
        raise CommandError(_NEEDS)
    build_package = _builder(language)
    try:
        paths = build_package(
            read_bundle(), layer=checkout / "sdk" / language, licence=checkout / "LICENSE", output=output
        )
    except GenerationError as error:
        raise CommandError(*str(error).splitlines()) from error
    for path in paths:
        click.echo(path)


def _builder(language: str) -> Callable[..., list[Path]]:
    assert language == "python"
    try:
        from app.sdk.python import build_python
    except ModuleNotFoundError as error:
        raise CommandError(_NEEDS) from error
    return build_python
