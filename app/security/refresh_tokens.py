"""Refresh tokens: derived from a key, a session and a generation, so that none is stored."""

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from app.errors import InvalidRefreshToken

_LABEL = b"charter refresh token v2"
_KEY_ID = re.compile(r"[a-z0-9_-]{1,16}")
# 16 bytes of session, 4 of generation, 16 of account and 32 of MAC are 91 characters of base64url.
_FORM = re.compile(r"([a-z0-9_-]{1,16})\.([A-Za-z0-9_-]{91}|[A-Za-z0-9_-]{70})")
# Tokens that were issued before the account was part of them.
_FORMER_LABEL = b"charter refresh token v1"
_FORMER_LENGTH = 70
_MAC_BYTES = 32


class RefreshTokenClaims(NamedTuple):
    """The content of a refresh token that we issued; only the row of the session shows whether it is still valid.

    Attributes:
        user_id: the account of the session; None: the token has the former form, which does not name it.
    """

    session_id: UUID
    generation: int
    key_id: str
    user_id: UUID | None = None

    @property
    def next_generation(self) -> int:
        """The generation of the token that this one is exchanged for."""
        return self.generation + 1


class RefreshTokens:
    """The key ring, and the tokens that are derived from it.

    A token has the form `<key id>.<base64url of session, generation, account and HMAC-SHA-256>`: a copy of the database
    does not help to guess its 256 bits.

    Args:
        keys: pairs of id and secret, the newest first; new generations use the first one.

    Raises:
        ValueError: the ring is empty, an id appears twice, or an id is not 1 to 16 of a-z, 0-9, _ and -.
    """

    def __init__(self, keys: Sequence[tuple[str, str]]) -> None:
        self._secrets = {key_id: secret.encode() for key_id, secret in keys}
        if not keys or len(self._secrets) != len(keys) or not all(map(_KEY_ID.fullmatch, self._secrets)):
            raise ValueError("A key ring needs at least one key, and each key a unique id of 1 to 16 of a-z 0-9 _ -.")
        self.current_key_id = keys[0][0]

    def derive(self, session_id: UUID, generation: int, key_id: str, user_id: UUID | None = None) -> str:
        """Return the token of a generation of a session; the same arguments return the same token.

        Args:
            session_id: the session.
            generation: 0 to 2^32 - 1; each rotation adds one.
            key_id: the key that the row of the session names.
            user_id: the account of the session; None returns a token of the former form.

        Raises:
            InvalidRefreshToken: the key is not in the ring any more.
        """
        secret = self._secrets.get(key_id)
        if secret is None:
            raise InvalidRefreshToken(reason="unknown_key")
        body = session_id.bytes + generation.to_bytes(4, "big")
        label = _FORMER_LABEL
        if user_id is not None:
            body, label = body + user_id.bytes, _LABEL
        mac = hmac.digest(secret, b"\0".join((label, key_id.encode(), body)), "sha256")
        return f"{key_id}.{urlsafe_b64encode(body + mac).rstrip(b'=').decode('ascii')}"

    def read(self, token: str) -> RefreshTokenClaims:
        """Return the content of a token that was derived from a key of the ring.

        Raises:
            InvalidRefreshToken: for any other text; a token has only one spelling.
        """
        match = _FORM.fullmatch(token)
        if not match:
            raise InvalidRefreshToken(reason="malformed_token")
        key_id, text = match.groups()
        body = urlsafe_b64decode(text + "==")[:-_MAC_BYTES]
        user_id = None if len(text) == _FORMER_LENGTH else UUID(bytes=body[20:])
        claims = RefreshTokenClaims(UUID(bytes=body[:16]), int.from_bytes(body[16:20], "big"), key_id, user_id)
        if not hmac.compare_digest(self.derive(*claims), token):
            raise InvalidRefreshToken(reason="never_issued")
        return claims
