"""A Charter that signs with public keys, until Charter itself does: it stands before a real one, and swaps tokens.

It publishes its keys, and signs ES256 tokens for live tokens of the real Charter. A request with such a token goes on
with the live token in its place, so whether a session lives is decided by the real Charter alone. It runs in the
environment of the example, which has the cryptography for it. Usage: issuer URL, which prints the address.
"""

import base64
import json
import sys
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm

CLAIMS = ("iss", "aud", "sub", "sid", "jti", "iat", "exp")


class Issuer:
    """The keys, newest last, and which live token stands behind each that was signed."""

    def __init__(self, charter: str) -> None:
        self.charter = charter
        self.keys: dict[str, ec.EllipticCurvePrivateKey] = {}
        self.live: dict[str, str] = {}
        self.asked = 0
        self.rotate()

    def rotate(self) -> str:
        """Add a key, which signs from now on; return its public half as PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        self.keys[f"key-{len(self.keys) + 1}"] = key
        return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def published(self) -> dict[str, Any]:
        """Return the key set."""
        about = {"use": "sig", "alg": "ES256"}
        return {
            "keys": [
                {**ECAlgorithm.to_jwk(key.public_key(), as_dict=True), **about, "kid": kid}
                for kid, key in self.keys.items()
            ]
        }

    def sign(self, live: str, changes: dict[str, Any], header: dict[str, str]) -> str:
        """Return a token with the claims and the header of a live one, changed."""
        payload = live.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        claims = {name: claims[name] for name in CLAIMS} | changes
        newest = list(self.keys)[-1]
        headers = {"typ": "at+jwt", "kid": newest} | header
        token = jwt.encode(claims, self.keys[newest], "ES256", headers=headers)
        self.live[token] = live
        return token


class Handler(BaseHTTPRequestHandler):
    """Tells the keys, signs, and passes the rest on."""

    issuer: Issuer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/.well-known/jwks.json":
            self._respond(200, {"X-Request-Id": "keys"}, self.issuer.published())
        elif self.path == "/stand-in/asked":
            self._respond(200, {}, {"asked": self.issuer.asked})
        else:
            self._pass_on()

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "{}")
        if self.path == "/stand-in/rotate":
            self._respond(200, {}, {"pem": self.issuer.rotate()})
        else:
            token = self.issuer.sign(body["live"], body["changes"], body["header"])
            self._respond(200, {}, {"token": token})

    def _pass_on(self) -> None:
        self.issuer.asked += 1
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        live = self.issuer.live.get(token, token)
        request = urllib.request.Request(self.issuer.charter + self.path, headers={"Authorization": f"{scheme} {live}"})
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                self._respond(response.status, dict(response.headers), json.loads(response.read()))
        except urllib.error.HTTPError as response:
            self._respond(response.code, dict(response.headers), json.loads(response.read()))

    def _respond(self, status: int, headers: dict[str, str], body: Any) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        kept = {
            name: value for name, value in headers.items() if name.lower() in ("etag", "retry-after", "x-request-id")
        }
        for name, value in {**kept, "Content-Type": "application/json", "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


if __name__ == "__main__":
    Handler.issuer = Issuer(sys.argv[1])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
