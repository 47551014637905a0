"""Cursors: where the next page of a list begins, signed for one caller and one list.

In a list in the order of the ids, this is an id. In a list in another order it is a position, with the value of the
column. This value may be an email address, so it is encrypted: nobody reads it from a URL in a log.
"""

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from hashlib import shake_256
from uuid import UUID

from app.errors import ValidationError, Violation
from app.results import Position

_LABEL = b"charter list cursor v1"
# 16 bytes of id and 32 of MAC are exactly 64 characters of base64url, so a cursor has only one spelling.
LENGTH = 64
_FORM = re.compile(rf"[A-Za-z0-9_-]{{{LENGTH}}}", re.ASCII)
# The cursor of a position also has the value, as long as the document lets the cursor be.
MAX_LENGTH = 1024
_POSITION_FORM = re.compile(rf"[A-Za-z0-9_-]{{{LENGTH},{MAX_LENGTH}}}", re.ASCII)
_ID_LENGTH, _MAC_LENGTH = 16, 32


def is_well_formed(text: str) -> bool:
    """Return whether a text has the form of a cursor, of any list in the order of its ids and any caller."""
    return _FORM.fullmatch(text) is not None


def is_well_formed_position(text: str) -> bool:
    """Return whether a text has the form of a cursor, of any list in another order and any caller."""
    return _POSITION_FORM.fullmatch(text) is not None


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
        self._position_keys = tuple(
            (hmac.digest(key, b"position", "sha256"), hmac.digest(key, b"encryption", "sha256")) for key in self._keys
        )

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
            body = urlsafe_b64decode(text)[:_ID_LENGTH]
            genuine = [_are_equal(_encode(key, body, scope), text) for key in self._keys]
            if any(genuine):
                return UUID(bytes=body)
        raise _not_of_this_list()

    def make_position(self, last: Position, scope: bytes) -> str:
        """Return the cursor of the page after a row, in a list in another order than that of the ids.

        Args:
            last: of the last row of this page.
            scope: as for `make`.

        Raises:
            ValueError: the key is too long.
        """
        cursor = _encrypt(*self._position_keys[0], last.id.bytes + last.key.encode(), scope)
        if len(cursor) > MAX_LENGTH:
            raise ValueError(f"The key of a position must be shorter than {len(last.key)} characters.")
        return cursor

    def read_position(self, text: str, scope: bytes) -> Position:
        """Return the position in a cursor of this list.

        Raises:
            ValidationError: as `read`.
        """
        # A text of this length is no base64.
        if is_well_formed_position(text) and len(text) % 4 != 1:
            sealed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
            hidden, mac = sealed[:-_MAC_LENGTH], sealed[-_MAC_LENGTH:]
            bodies = [_hide(encryption, hidden, mac) for _, encryption in self._position_keys]
            genuine = [
                _are_equal(_encrypt(*keys, body, scope), text)
                for keys, body in zip(self._position_keys, bodies, strict=True)
            ]
            for body, is_genuine in zip(bodies, genuine, strict=True):
                if is_genuine:
                    return Position(body[_ID_LENGTH:].decode(), UUID(bytes=body[:_ID_LENGTH]))
        raise _not_of_this_list()


def _not_of_this_list() -> ValidationError:
    return ValidationError(details=[Violation("Must be a cursor that this list gave you.", "cursor")])


def _are_equal(made: str, received: str) -> bool:
    return hmac.compare_digest(made.encode("ascii"), received.encode("ascii"))


def _encode(key: bytes, body: bytes, scope: bytes) -> str:
    return urlsafe_b64encode(body + hmac.digest(key, body + scope, "sha256")).decode("ascii")


def _encrypt(signing: bytes, encryption: bytes, body: bytes, scope: bytes) -> str:
    """Return a cursor with an encrypted body. As in SIV mode (RFC 5297), the MAC of the body is also the nonce."""
    mac = hmac.digest(signing, len(body).to_bytes(2, "big") + body + scope, "sha256")
    return urlsafe_b64encode(_hide(encryption, body, mac) + mac).decode("ascii").rstrip("=")


def _hide(encryption: bytes, body: bytes, mac: bytes) -> bytes:
    """Encrypt or decrypt a body: the same operation does both."""
    stream = shake_256(encryption + mac).digest(len(body))
    return bytes(one ^ other for one, other in zip(body, stream, strict=True))
