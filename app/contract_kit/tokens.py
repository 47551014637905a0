"""Access tokens that a server must refuse, made from one that it takes."""

import base64
import hashlib
import hmac
import json
from typing import Any

_OWN_KEY = {"kty": "oct", "k": "c2VjcmV0"}


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    """Return the header, the claims and the signature of a token.

    Raises:
        ValueError: it is no signed token.
    """
    header, claims, signature = token.split(".")
    return json.loads(_decoded(header)), json.loads(_decoded(claims)), signature


def tampered(token: str, subject: str) -> str:
    """Return a token that names somebody else, with the signature of the original."""
    header, claims, signature = parts(token)
    return f"{_encoded(header)}.{_encoded({**claims, 'sub': subject})}.{signature}"


def forged(token: str) -> dict[str, str]:
    """Return tokens with the claims of the original which nobody signed with the right key, by what is wrong."""
    header, claims, signature = parts(token)
    head, _, rest = token.partition(".")
    payload = rest.partition(".")[0]
    found = {
        "the algorithm none": f"{_encoded({**header, 'alg': 'none'})}.{payload}.",
        "the algorithm nOnE": f"{_encoded({**header, 'alg': 'nOnE'})}.{payload}.{signature}",
        "no signature": f"{head}.{payload}.",
        "a short signature": f"{head}.{payload}.{signature[:-4]}",
        "a changed signature": f"{head}.{payload}.{_flipped(signature)}",
        "an empty header": f"{_encoded({})}.{payload}.{signature}",
        "a later expiry": f"{head}.{_encoded({**claims, 'exp': int(claims['exp']) + 86_400})}.{signature}",
        "five parts": f"{token}.{payload}.{signature}",
        "a key in the header": _signed(
            {**header, "alg": "HS256", "jwk": {"kty": "oct", "k": "c2VjcmV0"}}, claims, b"secret"
        ),
        "a path as key id": _signed({**header, "alg": "HS256", "kid": "../../dev/null"}, claims, b""),
    }
    for key in (b"secret", b"", b"changeme" * 4, b"your-256-bit-secret"):
        found[f"the key {key.decode()[:20] or '(empty)'}"] = _signed({**header, "alg": "HS256"}, claims, key)
    return found


def _signed(header: dict[str, Any], claims: dict[str, Any], key: bytes) -> str:
    signed = f"{_encoded(header)}.{_encoded(claims)}"
    digest = hmac.new(key, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def _flipped(signature: str) -> str:
    middle = len(signature) // 2
    return signature[:middle] + ("A" if signature[middle] != "A" else "B") + signature[middle + 1 :]


def _encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
