"""Access tokens: made and read here, signed with HS256, without asking anything but the clock.

A good token says who signed in and in which session, nothing about rights: those are read afresh for each request.
"""

import hmac
import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import jwt
from jwt.algorithms import HMACAlgorithm
from jwt.utils import base64url_encode

from app.errors import InvalidToken

_ALGORITHM = "HS256"
_TYPE = "at+jwt"
_TYPES = {_TYPE, f"application/{_TYPE}"}
_LONGEST = 4096
# A token is made by one server's clock and read by another's, which may be this much behind.
_LEEWAY = 30
_FORM = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{43})")
_HMAC = HMACAlgorithm(HMACAlgorithm.SHA256)


class Claims(NamedTuple):
    """What a good access token says."""

    user_id: UUID
    session_id: UUID
    issued_at: datetime


class AccessTokens:
    """Access tokens as JWT (RFC 7519, RFC 9068 for the type), HS256 and nothing else.

    Each key has an id made from it, so a token is checked with the one key it names, and never with the algorithm or
    the key that it brings along.

    Args:
        secret: signs, and reads; at least 32 bytes, which the settings see to.
        previous: a secret that still reads, or None.
        issuer: iss.
        audience: aud.
        lifetime: seconds; a token made to live longer is not ours.
        clock: returns the present moment, aware.
    """

    def __init__(
        self,
        secret: str,
        previous: str | None,
        issuer: str,
        audience: str,
        lifetime: int,
        clock: Callable[[], datetime],
    ) -> None:
        self._secret = secret
        self._issuer = issuer
        self._audience = audience
        self._lifetime = lifetime
        self._clock = clock
        self._keys = {key_id(text): text.encode() for text in (previous, secret) if text}
        self._headers = {_segment(_header(named)): key for named, key in self._keys.items()}

    def issue(self, user_id: UUID, session_id: UUID) -> str:
        """Return a new token of this session, good from now for the lifetime."""
        now = int(self._clock().timestamp())
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": str(user_id),
            "sid": str(session_id),
            "jti": uuid4().hex,
            "iat": now,
            "exp": now + self._lifetime,
        }
        return jwt.encode(claims, self._secret, _ALGORITHM, headers=_header(key_id(self._secret)))

    def read(self, token: str) -> Claims:
        """Return the claims of a good token.

        Raises:
            InvalidToken: for anything else; the reason is one word that repeats nothing of the token.
        """
        match = _FORM.fullmatch(token) if len(token) <= _LONGEST else None
        if not match:
            raise InvalidToken(reason="malformed_token")
        header, payload, signature = match.groups()
        key = self._headers.get(header) or self._named_key(header)
        if key is None:
            raise InvalidToken(reason="unknown_key")
        # Comparing texts, not bytes, leaves no second spelling of the same signature.
        expected = base64url_encode(_HMAC.sign(f"{header}.{payload}".encode("ascii"), key))
        if not hmac.compare_digest(expected, signature.encode("ascii")):
            raise InvalidToken(reason="wrong_signature")
        return self._claims(_parse(payload))

    def _named_key(self, segment: str) -> bytes | None:
        """Return the key that a header spelt otherwise than ours names, if all else in it is as in ours."""
        header = _parse(segment)
        kind, named = header.get("typ"), header.get("kid")
        if header.get("alg") != _ALGORITHM or not isinstance(kind, str) or kind.lower() not in _TYPES:
            return None
        if not isinstance(named, str) or header.keys() - {"alg", "typ", "kid"}:
            return None
        return self._keys.get(named)

    def _claims(self, claims: dict[str, Any]) -> Claims:
        user_id, session_id = _uuid(claims.get("sub")), _uuid(claims.get("sid"))
        token_id, issued, expires = claims.get("jti"), claims.get("iat"), claims.get("exp")
        if claims.get("iss") != self._issuer or claims.get("aud") != self._audience:
            raise InvalidToken(reason="foreign_token")
        if user_id is None or session_id is None or not isinstance(token_id, str) or not token_id:
            raise InvalidToken(reason="wrong_claims")
        # bool is an int to isinstance; a float or a text is not one of our times.
        if type(issued) is not int or type(expires) is not int or not 0 < expires - issued <= self._lifetime:
            raise InvalidToken(reason="wrong_claims")
        now = self._clock().timestamp()
        starts = claims.get("nbf", issued)
        if type(starts) is not int or max(starts, issued) > now + _LEEWAY:
            raise InvalidToken(reason="not_yet_valid")
        if expires <= now:
            raise InvalidToken(reason="expired_token")
        return Claims(user_id, session_id, datetime.fromtimestamp(issued, UTC))


def key_id(secret: str) -> str:
    """Return the id that the header of every token names this secret by; it is public."""
    # Tells keys apart and is no help in guessing one that is as long as the settings ask for.
    return hmac.digest(secret.encode(), b"charter access key id", "sha256")[:6].hex()


def _header(named: str) -> dict[str, str]:
    return {"typ": _TYPE, "kid": named}


def _segment(header: dict[str, str]) -> str:
    return jwt.encode({}, "0" * 32, _ALGORITHM, headers=header).partition(".")[0]


def _parse(segment: str) -> dict[str, Any]:
    """Return the JSON object in a segment, an empty one when there is none; no error that could quote it."""
    try:
        found = json.loads(urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _uuid(text: object) -> UUID | None:
    if not isinstance(text, str) or len(text) != 36:
        return None
    try:
        return UUID(text)
    except ValueError:
        return None
