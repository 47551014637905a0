"""Cursors: where the next page of a list begins, signed for the one caller and the one list it was made for."""

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from uuid import UUID

from app.errors import ValidationError, Violation

_LABEL = b"charter list cursor v1"
# 16 bytes of id and 32 of MAC are 64 characters of base64url, with no bits to spare: one cursor has one spelling.
LENGTH = 64
_FORM = re.compile(rf"[A-Za-z0-9_-]{{{LENGTH}}}", re.ASCII)


def has_form(text: str) -> bool:
    """Tell whether a text could be a cursor, of whatever list and caller."""
    return _FORM.fullmatch(text) is not None


class Cursors:
    """Makes cursors and reads them again.

    Args:
        secrets: the first makes cursors; those made with any of them are read, so that a walk outlasts a change of
            secret.

    Raises:
        ValueError: without a secret.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        if not secrets:
            raise ValueError("cursors need a secret")
        # A key of their own: nothing else that the secret signs can pass for a cursor.
        self._keys = tuple(hmac.digest(secret.encode(), _LABEL, "sha256") for secret in secrets)

    def make(self, last: UUID, scope: bytes) -> str:
        """Return the cursor of the page that follows a row.

        Args:
            last: id of the last row of this page.
            scope: names the list: operation, caller, filters. It is signed and not in the text.
        """
        return _spell(self._keys[0], last.bytes, scope)

    def read(self, text: str, scope: bytes) -> UUID:
        """Return the id that a cursor of this list holds.

        Raises:
            ValidationError: for any other text, of which it is not said what is wrong.
        """
        if has_form(text):
            body = urlsafe_b64decode(text)[:16]
            given = text.encode("ascii")
            genuine = [hmac.compare_digest(_spell(key, body, scope).encode("ascii"), given) for key in self._keys]
            if any(genuine):
                return UUID(bytes=body)
        raise ValidationError(details=[Violation("Must be a cursor that this list gave you.", "cursor")])


def _spell(key: bytes, body: bytes, scope: bytes) -> str:
    return urlsafe_b64encode(body + hmac.digest(key, body + scope, "sha256")).decode("ascii")
