"""`charter new`: the folder of a new project."""

import json
import shlex
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click

from app.cli.errors import CommandError
from app.cli.help_examples import example

_USAGE = 2


@click.command(
    short_help="Make a project: a folder for your own resources.",
    epilog=example("charter new shop", "cd shop", "make run"),
)
@click.argument("name")
@click.option("--path", type=click.Path(path_type=Path), help="The folder to write to, instead of one with the name.")
@click.option(
    "--wheel",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Charter's wheel, which the project gets a copy of; without this, the one that Charter was installed from.",
)
def new(name: str, path: Path | None, wheel: Path | None) -> None:
    """Make a project: a folder for your own resources, which Charter serves together with its own.

    The folder must not exist yet, or be empty. `make run`, `make test` and `make lint` work in it at once.
    """
    from app.scaffold.project import NewProjectError, make_project

    folder = path or Path(name)
    wheel = wheel or _own_wheel()
    if wheel is not None and not (wheel.name.startswith("charter-") and wheel.suffix == ".whl"):
        raise CommandError(f"{wheel} is no wheel of Charter, such as charter-0.1.0-py3-none-any.whl", exit_code=_USAGE)
    try:
        written = make_project(name, folder, release=distribution("charter").version, wheel=wheel)
    except NewProjectError as error:
        raise CommandError(str(error), exit_code=_USAGE) from error
    for file in written:
        click.echo(f"wrote {folder / file}")
    click.echo(f"\nNext: cd {shlex.quote(str(folder))} && make run")
    if wheel is None:
        click.echo("`make` installs Charter from wheels/: copy its wheel there. make dist in a checkout writes one.")


def _own_wheel() -> Path | None:
    """Return the wheel that this Charter was installed from, if pip has noted one that still exists."""
    try:
        noted = json.loads(distribution("charter").read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        return None
    place = urlsplit(str(noted.get("url", "")))
    path = Path(unquote(place.path))
    return path if place.scheme == "file" and path.suffix == ".whl" and path.is_file() else None
