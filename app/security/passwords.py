"""Passwords: which ones are accepted, and how they are stored and verified.

Hashing takes tens of milliseconds of one core. Run it in the hashing executor, without a database connection.
"""

import base64
import hmac
import re
from collections.abc import Iterable
from threading import BoundedSemaphore

import bcrypt

from app.errors import ValidationError, Violation
from app.security.common_passwords import CommonPasswords
from app.text import MAX_LENGTH, casefold, nfkc

_SCHEME = "v1"
_STORED = re.compile(_SCHEME + r"(\$2b\$(\d\d)\$[./A-Za-z0-9]{53})", re.ASCII)
_LABEL = b"charter password v1"
_SALT = "." * 22
_COSTS = range(4, 19)

# Longer text is not normalised, see app.text. An input method may send up to four code points for one composed
# character, so a password of this length is still accepted.
_LIMIT_OF_MAXIMUM = MAX_LENGTH // 4

# The part of a password beside the words of the account must itself be hard to guess.
_MIN_REST = 8
_MIN_OWN_WORD = 3
# Separators between these words are as easy to guess as the words.
_SEPARATORS = re.compile(r"[\s._@+-]+")


class Passwords:
    """The rules for new passwords, and their hashes.

    Args:
        minimum: minimum length of a new password in code points, as typed and after NFKC; never under 8.
        maximum: maximum length of a new password in code points, as typed.
        cost: bcrypt cost of new hashes, 4 to 18.
        at_once: how many hashes are computed at the same time; more wait. A hash keeps one core busy.

    Raises:
        ValueError: a number is out of range.
        OSError: the list of common passwords cannot be read.
    """

    def __init__(self, minimum: int, maximum: int, cost: int, *, at_once: int = 1) -> None:
        if minimum < 8 or not minimum <= maximum <= _LIMIT_OF_MAXIMUM or cost not in _COSTS:
            raise ValueError(
                f"minimum must be 8 or more, maximum between it and {_LIMIT_OF_MAXIMUM}, and cost 4 to 18, "
                f"not {minimum}, {maximum} and {cost}"
            )
        self._minimum = minimum
        self._maximum = maximum
        self._cost = cost
        self._hashing = BoundedSemaphore(at_once)
        self._common = CommonPasswords()

    def check(self, password: str, *, own_words: Iterable[str] = (), field: str = "password") -> None:
        """Raise an error unless a new password is acceptable; no composition rules (NIST SP 800-63B-4, 3.1.1.2).

        A password is rejected if it is too short, too long, common, a repeated short piece, or made of the words of
        the account: the words, their parts and their reversed forms are removed, and the rest must have 8 characters
        and be neither common nor a repeated piece. Case does not matter.

        Args:
            password: as typed.
            own_words: the address, its parts, the display name; words of fewer than three letters are ignored.
            field: the property that the violation names.

        Raises:
            ValidationError: the password is rejected; it has one violation.
        """
        fault = self._fault(password, own_words)
        if fault:
            raise ValidationError(details=[Violation(fault, field)])

    def hash(self, password: str) -> str:
        """Return the hash to store for a password that `check` accepted."""
        prehashed = _prehash(password)
        with self._hashing:
            return _SCHEME + bcrypt.hashpw(prehashed, bcrypt.gensalt(self._cost)).decode("ascii")

    def verify(self, password: str, stored: str) -> bool:
        """Return whether the password matches the stored hash; a damaged hash matches nothing and raises no error.

        A mismatch takes as long as a hash of the present cost, even if the stored hash has a lower cost.
        """
        match = _STORED.fullmatch(stored)
        if not match or int(match[2]) not in _COSTS:
            self.simulate_verify(password)
            return False
        prehashed = _prehash(password)
        try:
            with self._hashing:
                matches = bcrypt.checkpw(prehashed, match[1].encode("ascii"))
                if not matches:
                    # Costs n, n, n+1 ... m-1 add up to cost m, as each step doubles the work.
                    for cost in range(int(match[2]), self._cost):
                        _hash(prehashed, cost)
        except ValueError:
            self.simulate_verify(password)
            return False
        return matches

    def needs_rehash(self, stored: str) -> bool:
        """Return whether a hash has another scheme or a lower cost than new hashes."""
        match = _STORED.fullmatch(stored)
        return not match or int(match[2]) < self._cost

    def simulate_verify(self, password: str) -> None:
        """Take as long as `verify`, where there is no stored hash."""
        prehashed = _prehash(password)
        with self._hashing:
            _hash(prehashed, self._cost)

    def _fault(self, password: str, own_words: Iterable[str]) -> str | None:
        if len(password) > self._maximum:
            return f"Must have at most {self._maximum} characters."
        if any("\ud800" <= character <= "\udfff" for character in password):
            return "Must be valid Unicode text."
        normal = nfkc(password)
        # NFKC may turn one character into many or many into one; both lengths must be enough.
        if min(len(password), len(normal)) < self._minimum:
            return f"Must have at least {self._minimum} characters."
        folded = casefold(password)
        if folded in self._common:
            return "Is one of the most common passwords. Choose another."
        if _period(folded) < self._minimum:
            return "Repeats one short piece. Choose a longer text."
        rest = folded
        for word in _own_parts(own_words):
            rest = rest.replace(word, "")
        if rest != folded:
            rest = _SEPARATORS.sub("", rest)
        if len(rest) < _MIN_REST or rest in self._common or _period(rest) < _MIN_REST:
            return "Consists of your own address or name. Choose other words."
        return None


def _hash(prehashed: bytes, cost: int) -> None:
    bcrypt.hashpw(prehashed, f"$2b${cost:02}${_SALT}".encode("ascii"))


def _prehash(password: str) -> bytes:
    # bcrypt reads 72 bytes and stops at NUL; 44 characters of base64 avoid both. The label is public: it only prevents
    # that SHA-256 digests that were stolen elsewhere can be tried here.
    normal = nfkc(password) if len(password) <= MAX_LENGTH else ""
    return base64.b64encode(hmac.digest(_LABEL, normal.encode("utf-8", "surrogatepass"), "sha256"))


def _own_parts(own_words: Iterable[str]) -> list[str]:
    words: set[str] = set()
    for word in own_words:
        folded = casefold(word[:MAX_LENGTH])
        parts = re.split(r"[\W_]+", folded)
        words.update((folded, "".join(parts), *parts))
    words = {word for word in words if len(word) >= _MIN_OWN_WORD}
    return sorted(words | {word[::-1] for word in words}, key=lambda word: (-len(word), word))


def _period(text: str) -> int:
    """Return the length of the piece that the text repeats at least twice; if there is none, the length of the text."""
    size = len(text)
    borders = [0] * size
    for end in range(1, size):
        border = borders[end - 1]
        while border and text[end] != text[border]:
            border = borders[border - 1]
        borders[end] = border + (text[end] == text[border])
    period = size - borders[-1] if size else 0
    return period if period * 2 <= size else size
