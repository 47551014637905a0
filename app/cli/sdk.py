"""`charter sdk`: build the packages for clients."""

from collections.abc import Callable
from pathlib import Path

import click

from app.cli.errors import CommandError
from app.cli.spec import read_bundle
from app.resources import LICENSE, SDK

_NEEDS = (
    "charter sdk build python needs openapi-python-client: install it with make install in a checkout "
    "or a project, or with pip install 'PATH/charter-….whl[tools]'"
)

_LANGUAGES = ("python", "typescript")

# In bytes: what the TypeScript package may add to a page, compressed.
_LARGEST = 12_000


@click.group(short_help="Build the packages for clients.")
def sdk() -> None:
    """Build the packages for clients from the document."""


@sdk.command(short_help="Build the package of a language, or all.")
@click.argument("language", type=click.Choice([*_LANGUAGES, "all"]))
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("dist"),
    show_default=True,
    help="The folder to write to.",
)
def build(language: str, output: Path) -> None:
    """Build the package of a language, or all packages, ready to be published, from the document under openapi/.

    The same document gives the same bytes. Python: a wheel and a source archive of charter-client.
    TypeScript: an archive for npm of charter-client; Node and npm are needed to compile it.
    """
    from app.sdk.document import GenerationError

    builders = {name: _builder(name) for name in _LANGUAGES if language in (name, "all")}
    bundle = read_bundle()
    for name, build_package in builders.items():
        try:
            paths = build_package(bundle, layer=SDK / name, licence=LICENSE, output=output)
        except GenerationError as error:
            raise CommandError(*str(error).splitlines()) from error
        for path in paths:
            click.echo(path)


@sdk.command(short_help="Print the size of the TypeScript package.")
def size() -> None:
    """Print what the whole TypeScript package adds to a page: minified, and compressed with gzip.

    It fails if that is more than 12 kB compressed.
    """
    from app.sdk.document import GenerationError
    from app.sdk.typescript import size_of_typescript

    try:
        measured = size_of_typescript(read_bundle(), layer=SDK / "typescript")
    except GenerationError as error:
        raise CommandError(*str(error).splitlines()) from error
    click.echo(f"minified {measured.minified / 1000:.1f} kB, compressed {measured.compressed / 1000:.1f} kB")
    if measured.compressed > _LARGEST:
        raise CommandError(f"The package has more than {_LARGEST // 1000} kB compressed.")


def _builder(language: str) -> Callable[..., list[Path]]:
    try:
        if language == "typescript":
            from app.sdk.typescript import build_typescript

            return build_typescript
        from app.sdk.python import build_python
    except ModuleNotFoundError as error:
        raise CommandError(_NEEDS) from error
    return build_python
