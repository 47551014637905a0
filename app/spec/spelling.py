"""What somebody probably meant by a name that there is not."""

from collections.abc import Collection, Iterable
from difflib import get_close_matches


def fix(name: object, known: Iterable[str], otherwise: str) -> str:
    """Return what to do about an unknown name: the nearest known one, if any is near, else the other way out.

    Args:
        otherwise: a sentence that begins with a verb.
    """
    nearest = get_close_matches(str(name), sorted(known), n=1, cutoff=0.75)
    return f"Did you mean {nearest[0]}? Else {otherwise[0].lower()}{otherwise[1:]}" if nearest else otherwise


def choose(name: object, known: Collection[str]) -> str:
    """Return what to do about a name that the settings do not have: those they have, and where a new one begins."""
    listed = ", ".join(sorted(known, key=lambda one: (one == "none", one)))
    return fix(name, known, f"Choose one of {listed}, or begin a new one as openapi/extensions.md says.")
