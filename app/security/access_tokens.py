"""Access tokens: issued and checked here, signed with HS256, without any query.

A valid token names the user and the session. It says nothing about permissions: each request reads them again.
"""

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import jwt
import orjson

from app.errors import InvalidToken

_ALGORITHM = "HS256"
_TYPE = "at+jwt"
_TYPES = {_TYPE, f"application/{_TYPE}"}
_MAX_LENGTH = 4096
# One server issues a token and another one checks it; its clock may be this many seconds behind.
_LEEWAY = 30
_FORM = re.compile(r"([A-Za-z0-9_-]++)\.([A-Za-z0-9_-]++)\.([A-Za-z0-9_-]{43})")
# Only the texts of identifiers are cached, to be parsed once; no token, and nothing that it proves.
_MAX_CACHED = 4096


class Claims(NamedTuple):
    """The claims of a valid access token."""

    user_id: UUID
    session_id: UUID


class AccessTokens:
    """Access tokens as JWT (RFC 7519, RFC 9068 for the type), HS256 and nothing else.

    The id of a key is derived from the key. A token is checked with the key that it names, never with an algorithm or a
    key that it contains.

    Args:
        secret: signs and checks tokens; at least 32 bytes, which the configuration checks.
        previous: a secret that only checks tokens, or None.
        issuer: iss.
        audience: aud.
        lifetime: seconds; a token with a longer lifetime is rejected.
        clock: returns the present time, aware.
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
        self._issuer = issuer
        self._audience = audience
        self._lifetime = lifetime
        self._clock = clock
        # An HMAC of each key, ready to be copied: the key is hashed once, not for each token.
        self._keys = {key_id(text): hmac.new(text.encode(), digestmod="sha256") for text in (previous, secret) if text}
        self._headers = {_segment(_header(kid)): key for kid, key in self._keys.items()}
        self._key = self._keys[key_id(secret)]
        self._header = f"{_segment(_header(key_id(secret)))}.".encode("ascii")

    def issue(self, user_id: UUID, session_id: UUID) -> str:
        """Return a new token for this session, valid from now for the lifetime."""
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
        text = self._header + urlsafe_b64encode(orjson.dumps(claims)).rstrip(b"=")
        return (text + b"." + _signature(self._key, text)).decode("ascii")

    def read(self, token: str) -> Claims:
        """Return the claims of a valid token.

        Raises:
            InvalidToken: for any other text; the reason is one word that contains nothing of the token.
        """
        match = _FORM.fullmatch(token) if len(token) <= _MAX_LENGTH else None
        if not match:
            raise InvalidToken(reason="malformed_token")
        header, payload, signature = match.groups()
        key = self._headers.get(header) or self._named_key(header)
        if key is None:
            raise InvalidToken(reason="unknown_key")
        # The encoded text is compared, not the bytes, so that a signature has only one accepted spelling.
        expected = _signature(key, token[: match.end(2)].encode("ascii"))
        if not hmac.compare_digest(expected, signature.encode("ascii")):
            raise InvalidToken(reason="wrong_signature")
        return self._claims(_parse(payload))

    def _named_key(self, segment: str) -> hmac.HMAC | None:
        """Return the key that a header in another spelling names, if the header has no other values than ours."""
        header = _parse(segment)
        kind, kid = header.get("typ"), header.get("kid")
        if header.get("alg") != _ALGORITHM or not isinstance(kind, str) or kind.lower() not in _TYPES:
            return None
        if not isinstance(kid, str) or header.keys() - {"alg", "typ", "kid"}:
            return None
        return self._keys.get(kid)

    def _claims(self, claims: dict[str, Any]) -> Claims:
        user_id, session_id = _uuid(claims.get("sub")), _uuid(claims.get("sid"))
        token_id, issued, expires = claims.get("jti"), claims.get("iat"), claims.get("exp")
        if claims.get("iss") != self._issuer or claims.get("aud") != self._audience:
            raise InvalidToken(reason="foreign_token")
        if user_id is None or session_id is None or not isinstance(token_id, str) or not token_id:
            raise InvalidToken(reason="wrong_claims")
        # isinstance would accept a bool as an int; a float or a text is not one of our times.
        if type(issued) is not int or type(expires) is not int or not 0 < expires - issued <= self._lifetime:
            raise InvalidToken(reason="wrong_claims")
        now = self._clock().timestamp()
        starts = claims.get("nbf", issued)
        if type(starts) is not int or max(starts, issued) > now + _LEEWAY:
            raise InvalidToken(reason="not_yet_valid")
        if expires <= now:
            raise InvalidToken(reason="expired_token")
        return Claims(user_id, session_id)


def key_id(secret: str) -> str:
    """Return the public id of a secret, which the header of each token contains."""
    # It distinguishes keys, and does not help to guess a key of the required length.
    return hmac.digest(secret.encode(), b"charter access key id", "sha256")[:6].hex()


def _header(kid: str) -> dict[str, str]:
    return {"typ": _TYPE, "kid": kid}


def _signature(key: hmac.HMAC, text: bytes) -> bytes:
    """Return the third part of a token whose first two parts are this text."""
    mac = key.copy()
    mac.update(text)
    return urlsafe_b64encode(mac.digest())[:-1]


def _segment(header: dict[str, str]) -> str:
    return jwt.encode({}, "0" * 32, _ALGORITHM, headers=header).partition(".")[0]


def _parse(segment: str) -> dict[str, Any]:
    """Return the JSON object in a segment, or an empty one; it raises no error, which could quote the segment."""
    try:
        value = orjson.loads(urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _uuid(text: object) -> UUID | None:
    return _parsed(text) if isinstance(text, str) and len(text) == 36 else None


@lru_cache(_MAX_CACHED)
def _parsed(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
