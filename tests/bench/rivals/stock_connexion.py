"""Connexion as it comes out of the box: FlaskApp, its own routing, security, parameter and response validation."""

from pathlib import Path
from typing import Any

import jwt
from connexion import FlaskApp
from connexion.exceptions import OAuthProblem

from tests.bench.rivals.claims import AUDIENCE, ISSUER, REQUIRED, SECRET


def bearer(token: str) -> dict[str, Any]:
    """Return the claims of the bearer token."""
    try:
        return jwt.decode(token, SECRET, ["HS256"], audience=AUDIENCE, issuer=ISSUER, options={"require": REQUIRED})
    except jwt.InvalidTokenError as error:
        raise OAuthProblem("invalid token") from error


def floor(item_id: str, size: int = 10) -> dict[str, Any]:
    """Return a constant."""
    return {
        "data": {"id": "01890a5d-ac96-774b-bcce-b302099a8057", "name": "A thing", "size": 10},
        "meta": {
            "timestamp": "2026-01-31T12:00:00.000Z",
            "version": "1.0",
            "request_id": "01890a5dac96774bbcceb302099a8057",
        },
        "errors": None,
    }


app = FlaskApp(__name__, specification_dir=Path(__file__).parent)
app.add_api("stock_connexion.yaml", strict_validation=True, validate_responses=True)
