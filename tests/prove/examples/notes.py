"""Requests to a resource server: which tokens it accepts, and that it refuses the others without asking Charter."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any
from uuid import uuid4

import httpx

from tests.prove.quick_start import EMAIL, PASSWORD

AN_HOUR = 3600


class Session:
    """A session of the admin at the real Charter."""

    def __init__(self, charter: str) -> None:
        self._http = httpx.Client(base_url=charter, timeout=30)
        data = self._post("/v1/auth/login", {"email": EMAIL, "password": PASSWORD})
        self.token: str = data["access_token"]

    def end(self) -> None:
        """Sign out, which ends the session."""
        response = self._http.post("/v1/auth/logout", headers={"Authorization": f"Bearer {self.token}"})
        assert response.status_code == 204, response.text

    def _post(self, path: str, body: object) -> dict[str, Any]:
        response = self._http.post(path, json=body)
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()["data"]
        return found


class Issuer:
    """The stand-in that signs with public keys."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=30)
        self.pem: str = self.rotate()

    @property
    def asked(self) -> int:
        """How many requests went on to the real Charter."""
        return int(self._http.get("/stand-in/asked").json()["asked"])

    def rotate(self) -> str:
        """Have a new key sign; return its public half."""
        self.pem = str(self._http.post("/stand-in/rotate").json()["pem"])
        return self.pem

    def sign(self, session: Session, *, header: dict[str, str] | None = None, **changes: object) -> str:
        """Return a token for a live session, with other claims or another header."""
        body = {"live": session.token, "changes": changes, "header": header or {}}
        return str(self._http.post("/stand-in/token", json=body).json()["token"])


def status(app: str, token: str | None, *, method: str = "GET") -> int:
    """Return what the resource server responds to a request."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    body = {"text": "Buy milk."} if method == "POST" else None
    response = httpx.request(method, f"{app}/notes", headers=headers, json=body, timeout=30)
    if response.status_code == 401:
        assert response.headers["WWW-Authenticate"] == "Bearer", response.headers
    if response.status_code in (429, 503):
        assert int(response.headers["Retry-After"]) >= 1, response.headers
    return response.status_code


def encoded(value: object) -> str:
    """Return a part of a token."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def forged(header: dict[str, str], claims: dict[str, Any], secret: bytes) -> str:
    """Return a token with an HMAC; without a signature if the secret is empty."""
    text = f"{encoded(header)}.{encoded(claims)}"
    if not secret:
        return f"{text}."
    signature = hmac.digest(secret, text.encode(), hashlib.sha256)
    return f"{text}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def parts_of(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the header and the claims of a token."""
    texts = token.split(".")[:2]
    header, claims = (json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))) for text in texts)
    return header, claims


def check_shared_secret(app: str, charter: str, secret: str) -> None:
    """Check a resource server of a Charter that publishes no keys: whatever is wrong with a token, Charter says so."""
    session = Session(charter)
    assert [status(app, session.token), status(app, session.token, method="POST")] == [200, 201]
    header, claims = parts_of(session.token)
    now = int(time.time())
    wrong = {
        "no token": None,
        "no token at all": "x",
        "expired": forged(header, claims | {"iat": now - AN_HOUR, "exp": now - 1}, secret.encode()),
        "wrong audience": forged(header, claims | {"aud": "another"}, secret.encode()),
        "wrong algorithm": forged(header | {"alg": "none"}, claims, b""),
        "forged": forged(header, claims, b"a guess"),
    }
    for name, token in wrong.items():
        assert status(app, token) == 401, name
    # The same in other respects: so it is these claims that were refused.
    assert status(app, forged(header, claims | {"jti": uuid4().hex}, secret.encode())) == 200
    session.end()
    assert [status(app, session.token), status(app, session.token, method="POST")] == [401, 401]


def check_public_keys(app: str, issuer: Issuer, charter: str) -> None:
    """Check a resource server of a Charter that publishes keys: what its keys tell is refused without a question."""
    session = Session(charter)
    good = issuer.sign(session)
    assert [status(app, good), status(app, good, method="POST")] == [200, 201]
    header, claims = parts_of(good)
    now = int(time.time())
    wrong = {
        "expired": issuer.sign(session, iat=now - AN_HOUR, exp=now - 1),
        "wrong audience": issuer.sign(session, aud="another"),
        "wrong issuer": issuer.sign(session, iss="another"),
        "no algorithm": forged(header | {"alg": "none"}, claims, b""),
        "HS256 with the public key": forged(header | {"alg": "HS256"}, claims, issuer.pem.encode()),
        "another type": issuer.sign(session, header={"typ": "JWT"}),
        "another signature": good[:-6] + ("AAAAAA" if not good.endswith("AAAAAA") else "BBBBBB"),
        "a key that there is not": issuer.sign(session, header={"kid": "key-0"}),
        "one of the shared secret": session.token,
    }
    before = issuer.asked
    for name, token in wrong.items():
        assert status(app, token) == 401, name
    assert issuer.asked == before, "a token was sent on that the keys tell is wrong"

    issuer.rotate()
    rotated = issuer.sign(session)
    assert parts_of(rotated)[0]["kid"] != header["kid"]
    assert [status(app, rotated), status(app, good)] == [200, 200]
    session.end()
    assert [status(app, rotated), status(app, good, method="POST")] == [401, 401]


def check_remembered(app: str, charter: str) -> None:
    """Check a resource server that relies on what Charter said before: only for reads, until it learns better."""
    session = Session(charter)
    assert status(app, session.token) == 200
    session.end()
    assert status(app, session.token) == 200
    assert [status(app, session.token, method="POST"), status(app, session.token)] == [401, 401]
