"""Passwords: which ones are accepted, and how they are kept and checked.

Everything here that hashes takes tens of milliseconds of one core: it belongs in the hashing executor, with no
database connection held.
"""

import base64
import hmac
import re
from collections.abc import Iterable

import bcrypt

from app.errors import ValidationError, Violation
from app.security.common_passwords import CommonPasswords
from app.text import LONGEST, casefold, nfkc

_SCHEME = "v1"
_STORED = re.compile(_SCHEME + r"(\$2b\$(\d\d)\$[./A-Za-z0-9]{53})", re.ASCII)
_LABEL = b"charter password v1"
_SALT = "." * 22
_COSTS = range(4, 19)

# Nothing longer is normalised: see app.text. A password of the greatest maximum fits four times over, since an input
# method may send up to four code points for one composed character.
_GREATEST_MAXIMUM = LONGEST // 4

# What is left of a password without the account's own words must itself be something one has to guess.
_SHORTEST_REST = 8
_SHORTEST_OWN_WORD = 3
# What stood between own words is as easily guessed as they are.
_SEPARATORS = re.compile(r"[\s._@+-]+")


class Passwords:
    """The rules for new passwords, and the hashes of accepted ones.

    Args:
        minimum: code points a new password has at least, after NFKC and as typed; never under 8.
        maximum: code points a new password has at most, as typed.
        cost: bcrypt cost of new hashes, 4 to 18.

    Raises:
        ValueError: when the numbers make no sense.
        OSError: when the list of common passwords cannot be read.
    """

    def __init__(self, minimum: int, maximum: int, cost: int) -> None:
        if minimum < 8 or not minimum <= maximum <= _GREATEST_MAXIMUM or cost not in _COSTS:
            raise ValueError("a password has 8 characters at least, and bcrypt takes a cost of 4 to 18")
        self._minimum = minimum
        self._maximum = maximum
        self._cost = cost
        self._common = CommonPasswords()

    def check(self, password: str, *, own_words: Iterable[str] = (), field: str = "password") -> None:
        """Accept a new password, or say what is wrong with it; no composition rules (NIST SP 800-63B-4, 3.1.1.2).

        Refused are passwords that are too short or too long, common, one short piece repeated, or made of the
        account's own words: the words, their parts and their mirror images are taken out, and what is left must have
        8 characters and be neither common nor a repeated piece. Case never matters.

        Args:
            password: as typed.
            own_words: the address, its parts, the display name; words under three letters do not count.
            field: the property the violation names.

        Raises:
            ValidationError: with one violation.
        """
        fault = self._fault(password, own_words)
        if fault:
            raise ValidationError(details=[Violation(fault, field)])

    def hash(self, password: str) -> str:
        """Return the text to store for a password that `check` accepted."""
        return _SCHEME + bcrypt.hashpw(_seal(password), bcrypt.gensalt(self._cost)).decode("ascii")

    def verify(self, password: str, stored: str) -> bool:
        """Return whether the password is the one stored; never raises, a damaged hash fits nothing.

        A refusal takes the time of the present cost, whatever the cost of the stored hash was below it.
        """
        match = _STORED.fullmatch(stored)
        if not match or int(match[2]) not in _COSTS:
            self.waste(password)
            return False
        sealed = _seal(password)
        try:
            fits = bcrypt.checkpw(sealed, match[1].encode("ascii"))
        except ValueError:
            self.waste(password)
            return False
        if not fits:
            # Costs n, n, n+1 ... m-1 add up to cost m, as each step doubles the work.
            for cost in range(int(match[2]), self._cost):
                _work(sealed, cost)
        return fits

    def needs_rehash(self, stored: str) -> bool:
        """Return whether a hash was made with another scheme, or at a lower cost, than those in force."""
        match = _STORED.fullmatch(stored)
        return not match or int(match[2]) < self._cost

    def waste(self, password: str) -> None:
        """Take the time of `verify`, where there is no hash to verify against."""
        _work(_seal(password), self._cost)

    def _fault(self, password: str, own_words: Iterable[str]) -> str | None:
        if len(password) > self._maximum:
            return f"has more than {self._maximum} characters"
        if any("\ud800" <= character <= "\udfff" for character in password):
            return "is not valid Unicode text"
        normal = nfkc(password)
        # Compatibility characters may stand for many: what counts is what the person typed, and what is left of it.
        if min(len(password), len(normal)) < self._minimum:
            return f"has fewer than {self._minimum} characters"
        folded = casefold(password)
        if folded in self._common:
            return "is one of the most common passwords"
        if _period(folded) < self._minimum:
            return "repeats one short piece"
        rest = folded
        for word in _own(own_words):
            rest = rest.replace(word, "")
        if rest != folded:
            rest = _SEPARATORS.sub("", rest)
        if len(rest) < _SHORTEST_REST or rest in self._common or _period(rest) < _SHORTEST_REST:
            return "is made of your own address or name"
        return None


def _work(sealed: bytes, cost: int) -> None:
    bcrypt.hashpw(sealed, f"$2b${cost:02}${_SALT}".encode("ascii"))


def _seal(password: str) -> bytes:
    # bcrypt reads 72 bytes and stops at NUL; 44 characters of base64 have neither problem. The label is public: it
    # only keeps hashes of bare SHA-256 digests stolen elsewhere from being tried here.
    normal = nfkc(password) if len(password) <= LONGEST else ""
    return base64.b64encode(hmac.digest(_LABEL, normal.encode("utf-8", "surrogatepass"), "sha256"))


def _own(words: Iterable[str]) -> list[str]:
    found: set[str] = set()
    for word in words:
        folded = casefold(word[:LONGEST])
        parts = re.split(r"[\W_]+", folded)
        found.update((folded, "".join(parts), *parts))
    found = {word for word in found if len(word) >= _SHORTEST_OWN_WORD}
    return sorted(found | {word[::-1] for word in found}, key=lambda word: (-len(word), word))


def _period(text: str) -> int:
    """Return the length of the piece that the text repeats twice or more, or else the text's own length."""
    size = len(text)
    borders = [0] * size
    for end in range(1, size):
        border = borders[end - 1]
        while border and text[end] != text[border]:
            border = borders[border - 1]
        borders[end] = border + (text[end] == text[border])
    period = size - borders[-1] if size else 0
    return period if period * 2 <= size else size
