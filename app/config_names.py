"""Variables of the environment that nobody reads, because their name is probably misspelt."""

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import NamedTuple

from app import project
from app.config import documented_variables

# High, because other programs have variables, too: DATABASE_USER and JWT_SECRET_KEY are none of Charter's.
_MIN_LIKENESS = 0.9


class Misspelt(NamedTuple):
    """A variable that Charter ignores, and the one that was probably meant.

    Attributes:
        name: as the environment has it.
        meant: the known variable.
    """

    name: str
    meant: str


def misspelt_variables(environ: Mapping[str, str], known: Collection[str] | None = None) -> Iterator[Misspelt]:
    """Yield each variable that is unknown, and has almost the name of a known one, or the same letters.

    Args:
        environ: variables; an empty one is ignored.
        known: the names of all variables that Charter reads; None: those of this process, and of its project.
    """
    names = set(known if known is not None else _known_variables())
    beginnings = {_beginning(name) for name in names if "_" in name}
    for name, value in sorted(environ.items()):
        written = name.upper()
        if name in names or not value.strip() or "_" not in name:
            continue
        if get_close_matches(_beginning(written), beginnings, n=1, cutoff=0.6):
            swapped = (known for known in sorted(names) if sorted(known) == sorted(written))
            similar = get_close_matches(written, sorted(names), n=1, cutoff=_MIN_LIKENESS)
            if meant := next(swapped, None) or next(iter(similar), None):
                yield Misspelt(name, meant)


def _known_variables() -> list[str]:
    return [project.VARIABLE, *(name for name, _, _ in documented_variables())]


def _beginning(name: str) -> str:
    return name.partition("_")[0]
