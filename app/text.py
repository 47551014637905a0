"""Text that people type: how it is compared and searched, and which characters it may contain.

All Unicode normalisation is in this module, and each function checks the length first: the time of a normalisation
grows with the square of a run of combining marks, and it holds the interpreter's lock.
"""

import re
import unicodedata

MAX_LENGTH = 1024
"""Longest text in code points that is normalised; every field that is compared or searched is shorter."""

MAX_SEARCH_LENGTH = 200
"""Maximum length of a search key in code points: folding may make a name of compatibility characters eighteen times as
long, and the size of an index entry is limited."""

# Default_Ignorable_Code_Point of Unicode 17: invisible characters, which NFKC_Casefold removes.
_IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)

# Control characters; line and paragraph separators; embeddings, overrides and isolates, which also change the order of
# the text after them; format characters that are deprecated or hide an annotation; tags, which form invisible text;
# noncharacters. Unassigned and private characters are allowed: clients may have a newer Unicode, and some scripts are
# written with private characters.
_REJECTED = (
    "\u007f-\u009f\u2028-\u202e\u2066-\u206f\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
) + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x1_0000, 0x11_0000, 0x1_0000))
_SINGLE_LINE = re.compile(f"[^\x00-\x1f{_REJECTED}]*")
_MULTI_LINE = re.compile(f"[^\x00-\x08\x0b\x0c\x0e-\x1f{_REJECTED}]*")


class TextTooLongError(ValueError):
    """A text is too long to be normalised."""


def nfkc(text: str) -> str:
    """Return a text in NFKC (UAX 15).

    Raises:
        TextTooLongError: it has more than 1024 code points.
    """
    return _normal("NFKC", text)


def lower(text: str) -> str:
    """Return a text in NFKC and lower case.

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
    """Return the search key of a text: NFKC_Casefold (Unicode, 3.13), without extra blanks.

    Two texts that look the same to people have the same key, in whatever form, width or case they are typed. Folding is
    done here and not in SQL, since databases fold differently by version and locale. A longer text is cut.
    """
    folded = _normal("NFD", text[: 2 * MAX_SEARCH_LENGTH]).casefold()
    folded = unicodedata.normalize("NFKC", folded).casefold()
    visible = _IGNORABLE.sub("", unicodedata.normalize("NFKC", folded))
    return " ".join(unicodedata.normalize("NFKC", visible).split())[:MAX_SEARCH_LENGTH]


def is_single_line(text: str) -> bool:
    """Return whether a text is one line without hidden characters and without changes of direction (UTS 39)."""
    return _SINGLE_LINE.fullmatch(text) is not None


def is_multi_line(text: str) -> bool:
    """Return whether `is_single_line` accepts a text when line breaks and tabs are allowed."""
    return _MULTI_LINE.fullmatch(text) is not None


def _normal(form: str, text: str) -> str:
    if len(text) > MAX_LENGTH:
        raise TextTooLongError(f"must have at most {MAX_LENGTH} characters")
    return unicodedata.normalize(form, text)  # type: ignore[arg-type]
