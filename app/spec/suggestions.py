"""The known name that the author probably meant, for the messages about unknown names."""

import re
from collections.abc import Collection, Iterable
from difflib import get_close_matches

_NOUN_AND_VERB = re.compile(r"([a-z0-9_]+)[.:][a-z0-9_]+")


def suggest(name: object, known: Iterable[str], otherwise: str, *, cutoff: float = 0.75) -> str:
    """Return how to fix an unknown name: the most similar known name, if one is similar, and another way.

    Args:
        name: the unknown name.
        known: the names that exist.
        otherwise: the other way, a sentence that begins with a verb.
        cutoff: how similar a known name must be, from 0 to 1.
    """
    known = sorted(known)
    if noun := _noun_of(str(name)):
        of_noun = [each for each in known if _noun_of(each) == noun]
        # Of the same noun, any verb may be meant; of another noun, only the same verb.
        similar = get_close_matches(str(name), of_noun, n=1, cutoff=cutoff) or of_noun[: len(of_noun) == 1]
        verb = str(name)[len(noun) :]
        other = [each for each in known if each[len(_noun_of(each) or "") :] == verb and each not in of_noun]
        similar = (
            similar or [each for each in other if get_close_matches(noun, [_noun_of(each) or ""], cutoff=cutoff)][:1]
        )
        if not similar and of_noun:
            return f"Choose one of {', '.join(of_noun)}. If none is right, {otherwise[0].lower()}{otherwise[1:]}"
    else:
        similar = get_close_matches(str(name), known, n=1, cutoff=cutoff)
    return f"Did you mean {similar[0]}? If not, {otherwise[0].lower()}{otherwise[1:]}" if similar else otherwise


def _noun_of(name: str) -> str | None:
    """Return what stands before the verb in a name like `project.created` or `users:read`; None in another name."""
    match = _NOUN_AND_VERB.fullmatch(name)
    return match[1] if match else None


def suggest_path(path: str, known: Iterable[str], otherwise: str) -> str:
    """Return how to fix the path of a file that does not exist, as `suggest` does.

    Args:
        path: as it is written.
        known: the files that exist, written in the same way.
        otherwise: as of `suggest`.
    """
    known = list(known)
    last = path.rsplit("/", 1)[-1]
    # The folder may be wrong: a file of that name elsewhere is the likeliest.
    elsewhere = sorted(each for each in known if each.rsplit("/", 1)[-1] == last)
    return suggest(path, elsewhere[:1] or known, otherwise, cutoff=0.0 if elsewhere else 0.75)


def suggest_configured(name: object, known: Collection[str]) -> str:
    """Return how to fix a name without a number: the names that have one, and how to add one."""
    listed = ", ".join(sorted(known, key=lambda one: (one == "none", one)))
    return suggest(name, known, f"Choose one of {listed}, or declare a new one in policies.yaml.")


def unknown_permission(name: str, known: Iterable[str]) -> tuple[str, str]:
    """Return the message and the fix for a permission that does not exist."""
    return f"There is no permission {name}.", suggest(name, known, "Add it to permissions.yaml.")
