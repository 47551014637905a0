"""health: operations for machines, which need no state."""

from handlers.health import get_health, get_jwks, get_liveness

__all__ = ["get_health", "get_jwks", "get_liveness"]
