"""Names of a resource: the plural names its table and tag, the singular one thing of it."""

import keyword
import re

NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
MAX_LENGTH = 28
"""So the name of an index, which has the names of a table and of a column, is short enough for PostgreSQL."""
_ENDINGS = (("ies", "y"), ("sses", "ss"), ("shes", "sh"), ("ches", "ch"), ("xes", "x"), ("zes", "z"), ("s", ""))

_UNCLEAR = frozenset({"kudos", "lens", "means", "news", "series", "species"})


class WrongName(ValueError):
    """A name that cannot be used; the message says why, and what to do."""


def check_name(name: str, what: str) -> str:
    """Return a name if code, SQL and the document can have it.

    Raises:
        WrongName: they cannot.
    """
    if not NAME.fullmatch(name) or len(name) > MAX_LENGTH:
        raise WrongName(
            f"{name!r} cannot be {what}: write at most {MAX_LENGTH} lower-case letters, digits and underscores, "
            "such as projects"
        )
    if keyword.iskeyword(name):
        raise WrongName(f"{name} cannot be {what}: it is a word of Python")
    return name


def singular_of(plural: str) -> str:
    """Return the singular of a plural that is made in a usual way.

    Raises:
        WrongName: it is not.
    """
    for ending, instead in () if plural.rpartition("_")[2] in _UNCLEAR else _ENDINGS:
        if plural.endswith(ending) and not plural.endswith(("ss", "us", "is")) and len(plural) > len(ending) + 1:
            return plural.removesuffix(ending) + instead
    raise WrongName(f"{plural} is no plural that this command knows: name one of them with --singular")


def class_name(singular: str) -> str:
    """Return the name of the model and of the schema."""
    return "".join(word.capitalize() for word in singular.split("_"))


def words(name: str) -> str:
    """Return a name as words of a sentence."""
    return name.replace("_", " ")


def article(noun: str) -> str:
    """Return a noun with its indefinite article."""
    return f"an {noun}" if noun[0] in "aeio" else f"a {noun}"
