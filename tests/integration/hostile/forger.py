"""A forger who makes access tokens that were never issued: out of good ones, and out of nothing."""

import base64
import hmac
import json
from typing import Any

import jwt

from tests.service import SECRET

GONE = object()
"""A header parameter or claim to leave out."""


def encode(part: Any) -> str:
    """Return base64url of bytes, of text, or of JSON."""
    raw = part if isinstance(part, bytes) else (part if isinstance(part, str) else json.dumps(part)).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Forger:
    """Knows one good token, and so what good ones look like.

    Args:
        genuine: the good token.
    """

    def __init__(self, genuine: str) -> None:
        self.genuine = genuine
        self.signature = genuine.rpartition(".")[2]
        self.header: dict[str, Any] = jwt.get_unverified_header(genuine)
        self.claims: dict[str, Any] = jwt.decode(genuine, options={"verify_signature": False})

    def unsigned(self, header: Any = None, claims: Any = None) -> str:
        """Return the first two parts with changes; whatever is no dict stands for the whole part."""
        return f"{_changed(self.header, header)}.{_changed(self.claims, claims)}"

    def signed(
        self, header: Any = None, claims: Any = None, *, key: str | bytes = SECRET, digest: str = "sha256"
    ) -> str:
        """Return a token with changes and a MAC that fits; with the key left out, the service's own."""
        text = self.unsigned(header, claims)
        secret = key.encode() if isinstance(key, str) else key
        return f"{text}.{encode(hmac.digest(secret, text.encode(), digest))}"


def _changed(ours: dict[str, Any], theirs: Any) -> str:
    if theirs is not None and not isinstance(theirs, dict):
        return encode(theirs)
    return encode({name: value for name, value in {**ours, **(theirs or {})}.items() if value is not GONE})
