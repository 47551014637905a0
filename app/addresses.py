"""The rule for email addresses, used by `format: email` in the document, by the services and by the configuration."""

import re

from app.text import lower

MAX_LENGTH = 254
"""Maximum length of an address (RFC 5321, 4.5.3.1.3, less the two angle brackets)."""

_MAX_DOMAIN_LENGTH = 253
# Maximum length of a label in Unicode: its A-label has `xn--` and at least one character for each, and at most 63. The
# time that idna needs for a label grows with the square of its length.
_MAX_LABEL_LENGTH = 59
# Dot-atoms of RFC 5322 in ASCII; a domain of at least two labels (RFC 1035), of which the last is not a number.
_LOCAL = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ADDRESS = re.compile(rf"(?=[^@]{{1,64}}@){_LOCAL}@(?:{_LABEL}\.)+(?![0-9]+\Z){_LABEL}")
# The characters that NFKC turns into "@".
_AT_SIGNS = str.maketrans("\uff20\ufe6b", "@@")


def canonical(email: str) -> str:
    """Return the form in which an address is stored and compared; spellings that look the same to people are equal.

    Blanks around it are removed. The part before the "@" is converted to NFKC and lower case, the domain to its A-label
    (UTS 46, not transitional).

    Returns:
        The canonical form; empty if there is none. `is_address` checks whether it is an address.
    """
    text = email.strip()
    if len(text) > MAX_LENGTH:
        return ""
    if text.isascii():
        return text.lower()
    local, at, domain = text.translate(_AT_SIGNS).rpartition("@")
    return f"{lower(local)}{at}{canonical_domain(domain)}" if at else ""


def canonical_domain(domain: str) -> str:
    """Return a domain in the form of DNS: lower case, with A-labels instead of labels beyond ASCII; empty if invalid.

    Labels in ASCII stay as they are, since DNS is queried for them whether or not IDNA would produce them.
    """
    text = domain.strip()
    if len(text) > _MAX_DOMAIN_LENGTH:
        return ""
    if text.isascii():
        return text.lower()
    import idna  # its tables cost time and memory, and few commands and addresses need them

    try:
        labels = idna.uts46_remap(text, std3_rules=True).split(".")
        if any(len(label) > _MAX_LABEL_LENGTH and not label.isascii() for label in labels):
            return ""
        return ".".join(label if label.isascii() else idna.alabel(label).decode() for label in labels)
    except UnicodeError:
        return ""


def is_address(email: str) -> bool:
    """Return whether the canonical form of a text is an ASCII address without quotes, comments or literals.

    The canonical form is checked, with its lengths, because it is stored: it may be longer than the given text, and may
    contain another "@".
    """
    address = canonical(email)
    return len(address) <= MAX_LENGTH and _ADDRESS.fullmatch(address) is not None
