"""Cursors: where the next page of a list begins, signed for one caller and one list."""

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from uuid import UUID

from app.errors import ValidationError, Violation

_LABEL = b"charter list cursor v1"
# 16 bytes of id and 32 of MAC are exactly 64 characters of base64url, so a cursor has only one spelling.
LENGTH = 64
_FORM = re.compile(rf"[A-Za-z0-9_-]{{{LENGTH}}}", re.ASCII)


def is_well_formed(text: str) -> bool:
    """Return whether a text has the form of a cursor, of any list and caller."""
    return _FORM.fullmatch(text) is not None


class Cursors:
    """Creates cursors and reads them.

    Args:
        secrets: the first one signs new cursors; those of all secrets are read, so that a client can go on after a
            change of the secret.

    Raises:
        ValueError: there is no secret.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        if not secrets:
            raise ValueError("Cursors need at least one secret.")
        # A separate key: nothing else that is signed with the secret is accepted as a cursor.
        self._keys = tuple(hmac.digest(secret.encode(), _LABEL, "sha256") for secret in secrets)

    def make(self, last: UUID, scope: bytes) -> str:
        """Return the cursor of the page after a row.

        Args:
            last: id of the last row of this page.
            scope: identifies the list: operation, caller and filters. It is signed, but the cursor does not contain it.
        """
        return _encode(self._keys[0], last.bytes, scope)

    def read(self, text: str, scope: bytes) -> UUID:
        """Return the id in a cursor of this list.

        Raises:
            ValidationError: for any other text; the message does not say what is wrong with it.
        """
        if is_well_formed(text):
            body = urlsafe_b64decode(text)[:16]
            encoded = text.encode("ascii")
            genuine = [hmac.compare_digest(_encode(key, body, scope).encode("ascii"), encoded) for key in self._keys]
            if any(genuine):
                return UUID(bytes=body)
        raise ValidationError(details=[Violation("Must be a cursor that this list gave you.", "cursor")])


def _encode(key: bytes, body: bytes, scope: bytes) -> str:
    return urlsafe_b64encode(body + hmac.digest(key, body + scope, "sha256")).decode("ascii")
