"""What an e-mail address is: the one rule of the document's `format: email`, of the services and of the settings."""

import re
import unicodedata

_LONGEST = 254  # RFC 5321, 4.5.3.1.3, less the two angle brackets
# Dot-atoms of RFC 5322 in ASCII; a domain of two labels at least (RFC 1035), the last one not a number.
_LOCAL = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ADDRESS = re.compile(rf"(?=[^@]{{1,64}}@){_LOCAL}@(?:{_LABEL}\.)+(?![0-9]+\Z){_LABEL}")


def canonical(email: str) -> str:
    """Return the address in NFKC and lower case: two spellings that a person takes for one are one account."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", email).lower())


def is_address(email: str) -> bool:
    """Tell whether the canonical form of a text is an ASCII address without quotes, comments or literals.

    The canonical form is judged, lengths included, because it is what is kept: it may be longer than what was sent,
    and may hold another "@".
    """
    address = canonical(email)
    return len(address) <= _LONGEST and _ADDRESS.fullmatch(address) is not None
