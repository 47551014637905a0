"""What an e-mail address is: the one rule of the document's `format: email`, of the services and of the settings."""

import re

from app.text import lower

LONGEST = 254
"""Characters of an address (RFC 5321, 4.5.3.1.3, less the two angle brackets)."""

_LONGEST_DOMAIN = 253
# Characters of a label in Unicode: its A-label has one for each of them at least, beside `xn--`, and 63 at most. The
# time that idna takes for a label grows with the square of its length.
_LONGEST_LABEL = 59
# Dot-atoms of RFC 5322 in ASCII; a domain of two labels at least (RFC 1035), the last one not a number.
_LOCAL = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ADDRESS = re.compile(rf"(?=[^@]{{1,64}}@){_LOCAL}@(?:{_LABEL}\.)+(?![0-9]+\Z){_LABEL}")
# The signs that NFKC takes for an "@".
_AT_SIGNS = str.maketrans("\uff20\ufe6b", "@@")


def canonical(email: str) -> str:
    """Return the form in which an address is stored and compared: spellings that a person takes for one are one.

    Blanks around it are dropped. What stands before the "@" is brought to NFKC and lower case, the domain to its
    A-label (UTS 46, not transitional).

    Returns:
        The canonical form, which is empty for what has none: `is_address` says whether the rest is an address.
    """
    text = email.strip()
    if len(text) > LONGEST:
        return ""
    if text.isascii():
        return text.lower()
    local, at, domain = text.translate(_AT_SIGNS).rpartition("@")
    return f"{lower(local)}{at}{canonical_domain(domain)}" if at else ""


def canonical_domain(domain: str) -> str:
    """Return a domain as DNS has it, in lower case and with A-labels for what is beyond ASCII; empty for none.

    Labels in ASCII stay as they are, for they are what DNS is asked for, whether or not IDNA would make such ones.
    """
    text = domain.strip()
    if len(text) > _LONGEST_DOMAIN:
        return ""
    if text.isascii():
        return text.lower()
    import idna  # its tables cost time and memory that few commands and few addresses need

    try:
        labels = idna.uts46_remap(text, std3_rules=True).split(".")
        if any(len(label) > _LONGEST_LABEL and not label.isascii() for label in labels):
            return ""
        return ".".join(label if label.isascii() else idna.alabel(label).decode() for label in labels)
    except UnicodeError:
        return ""


def is_address(email: str) -> bool:
    """Tell whether the canonical form of a text is an ASCII address without quotes, comments or literals.

    The canonical form is judged, lengths included, because it is what is kept: it may be longer than what was sent,
    and may hold another "@".
    """
    address = canonical(email)
    return len(address) <= LONGEST and _ADDRESS.fullmatch(address) is not None
