"""Which texts can be headers. The others are refused without being shown: a token may be among them."""

import re
from collections.abc import Mapping

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # a token of RFC 9110, section 5.6.2
_TOKEN = re.compile("[!-~]+")
_VALUE = re.compile(r"(?:[!-~](?:[\t -~]*[!-~])?)?")


def can_be_sent(access_token: object) -> bool:
    """Return whether a header can have an access token."""
    return _is_text(access_token, _TOKEN)


def checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers that can be sent.

    Raises:
        ValueError: one cannot.
    """
    for name, value in headers.items():
        if not _is_text(name, _NAME):
            raise ValueError(f"The name of a header must have only letters, digits and hyphens, not {name!r}.")
        if not _is_text(value, _VALUE):
            raise ValueError(
                f"The header {name} must be a text of printable ASCII characters, without a line break and without "
                "spaces at its ends. Its value is not shown, because it may be a secret."
            )
    return dict(headers)


# Without types, a number or bytes may be given.
def _is_text(given: object, pattern: re.Pattern[str]) -> bool:
    return isinstance(given, str) and pattern.fullmatch(given) is not None
