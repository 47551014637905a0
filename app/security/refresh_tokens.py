"""Refresh tokens: derived from a key, a session and a generation, so that none is ever stored."""

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from app.errors import InvalidRefreshToken

_LABEL = b"charter refresh token v1"
_KEY_ID = re.compile(r"[a-z0-9_-]{1,16}")
# 16 bytes of session, 4 of generation and 32 of MAC are 70 characters of base64url.
_FORM = re.compile(r"([a-z0-9_-]{1,16})\.([A-Za-z0-9_-]{70})")


class RefreshClaim(NamedTuple):
    """What a refresh token that we once made says; whether it is still good only the session's row knows."""

    session_id: UUID
    generation: int
    key_id: str


class RefreshTokens:
    """The ring of keys, and the tokens it makes.

    A token reads `<key id>.<base64url of session, generation and HMAC-SHA-256>`: 256 bits that a copy of the database
    does not help to guess.

    Args:
        keys: pairs of id and secret, the newest first: it makes the tokens of new generations.

    Raises:
        ValueError: when the ring is empty, or an id is not 1 to 16 of a-z, 0-9, _ and -, or comes twice.
    """

    def __init__(self, keys: Sequence[tuple[str, str]]) -> None:
        self._secrets = {key_id: secret.encode() for key_id, secret in keys}
        if not keys or len(self._secrets) != len(keys) or not all(map(_KEY_ID.fullmatch, self._secrets)):
            raise ValueError("a key ring holds one key at least, each with an id of its own of 1 to 16 of a-z 0-9 _ -")
        self.current_key_id = keys[0][0]

    def derive(self, session_id: UUID, generation: int, key_id: str) -> str:
        """Return the token of a session's generation, the same bytes each time.

        Args:
            session_id: the session.
            generation: 0 to 2^32 - 1, rises by one with each rotation.
            key_id: the key named in the session's row.

        Raises:
            InvalidRefreshToken: when the key has left the ring.
        """
        secret = self._secrets.get(key_id)
        if secret is None:
            raise InvalidRefreshToken(reason="unknown_key")
        body = session_id.bytes + generation.to_bytes(4, "big")
        mac = hmac.digest(secret, b"\0".join((_LABEL, key_id.encode(), body)), "sha256")
        return f"{key_id}.{urlsafe_b64encode(body + mac).rstrip(b'=').decode('ascii')}"

    def read(self, token: str) -> RefreshClaim:
        """Return what a token says that a key of the ring made.

        Raises:
            InvalidRefreshToken: for any other text; a token has one spelling only.
        """
        match = _FORM.fullmatch(token)
        if not match:
            raise InvalidRefreshToken(reason="malformed_token")
        key_id, text = match.groups()
        body = urlsafe_b64decode(text + "==")
        claim = RefreshClaim(UUID(bytes=body[:16]), int.from_bytes(body[16:20], "big"), key_id)
        if not hmac.compare_digest(self.derive(*claim), token):
            raise InvalidRefreshToken(reason="never_issued")
        return claim
