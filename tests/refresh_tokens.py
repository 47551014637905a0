"""Refresh tokens as former releases issued them."""

from app.config import Config
from app.security.refresh_tokens import RefreshTokens


def former(config: Config, token: str) -> str:
    """Return a token in the form that does not name the account: it is exchanged in a transaction."""
    tokens = RefreshTokens(config.refresh_keys)
    claims = tokens.read(token)
    return tokens.derive(claims.session_id, claims.generation, claims.key_id)
