"""Text that people type: how it is compared and searched, and what text that others see may hold.

Everything that normalises Unicode stands here, and each function looks at the length first: the time that a
normalisation takes grows with the square of a run of combining marks, and it holds the interpreter's lock.
"""

import re
import unicodedata

LONGEST = 1024
"""Code points that are normalised at most; no field of a request that is compared or searched is as long."""

SEARCHED = 200
"""Code points that a search compares at most: a name in compatibility characters may be eighteen times as long when it
is folded, and an entry of an index has a greatest size."""

# Default_Ignorable_Code_Point of Unicode 17: what is not seen, and what NFKC_Casefold leaves out.
_IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)

# Control characters; line and paragraph separators; embeddings, overrides and isolates, which change the order of the
# text that stands behind them, too; format characters that are deprecated or hide an annotation; tags, which spell
# text that nobody sees; what is no character at all. Unassigned and private characters may be: others' Unicode is
# newer than ours, and some scripts are written with the latter.
_REFUSED = (
    "\u007f-\u009f\u2028-\u202e\u2066-\u206f\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
) + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x1_0000, 0x11_0000, 0x1_0000))
_SINGLE_LINE = re.compile(f"[^\x00-\x1f{_REFUSED}]*")
_MULTI_LINE = re.compile(f"[^\x00-\x08\x0b\x0c\x0e-\x1f{_REFUSED}]*")


class TextTooLongError(ValueError):
    """A text that takes too long to normalise."""


def nfkc(text: str) -> str:
    """Return a text in NFKC (UAX 15).

    Raises:
        TextTooLongError: it has more than 1024 code points.
    """
    return _normal("NFKC", text)


def lower(text: str) -> str:
    """Return a text in NFKC and small letters.

    Raises:
        TextTooLongError: it has more than 1024 code points.
    """
    return unicodedata.normalize("NFKC", nfkc(text).lower())


def casefold(text: str) -> str:
    """Return a text in NFKC and without differences of case.

    Raises:
        TextTooLongError: it has more than 1024 code points.
    """
    return unicodedata.normalize("NFKC", nfkc(text).casefold())


def search_key(text: str) -> str:
    """Return what a text is searched by: NFKC_Casefold (Unicode, 3.13), without needless blanks.

    Two texts that a person takes for the same have one key, in whatever form, width or case they are typed. The folding
    is done here and not in SQL, since databases fold as their version and locale have it. A longer text is cut.
    """
    folded = _normal("NFD", text[: 2 * SEARCHED]).casefold()
    folded = unicodedata.normalize("NFKC", folded).casefold()
    seen = _IGNORABLE.sub("", unicodedata.normalize("NFKC", folded))
    return " ".join(unicodedata.normalize("NFKC", seen).split())[:SEARCHED]


def is_single_line(text: str) -> bool:
    """Tell whether a text is one line in which nothing is hidden and nothing turns the rest around (UTS 39)."""
    return _SINGLE_LINE.fullmatch(text) is not None


def is_multi_line(text: str) -> bool:
    """Tell whether a text is one that `is_single_line` takes, but for line breaks and tabs."""
    return _MULTI_LINE.fullmatch(text) is not None


def _normal(form: str, text: str) -> str:
    if len(text) > LONGEST:
        raise TextTooLongError(f"takes at most {LONGEST} characters")
    return unicodedata.normalize(form, text)  # type: ignore[arg-type]
