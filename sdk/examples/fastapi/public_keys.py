"""The public keys of Charter, which are fetched when they are needed."""

import asyncio
import time

import jwt
from charter_client import AsyncCharter

# What this service accepts, whatever the header of a token says. Never HS256: its key would have to be secret.
ALGORITHMS = frozenset({"ES256", "EdDSA"})
MAX_AGE_SECONDS = 300


class PublicKeys:
    """The keys of the accepted algorithms, by their id.

    Args:
        client: of Charter.
        cooldown: how many seconds pass at least between two requests, so that invented key ids cause no flood of them.
    """

    def __init__(self, client: AsyncCharter, cooldown: float) -> None:
        self._client = client
        self._cooldown = cooldown
        self._are_empty = True
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched: float | None = None
        self._lock = asyncio.Lock()

    async def are_empty(self) -> bool:
        """Return whether Charter publishes no keys, because it signs with a shared secret."""
        await self._fetch(MAX_AGE_SECONDS)
        return self._are_empty

    async def find(self, key_id: str) -> jwt.PyJWK | None:
        """Return a key; None if Charter publishes no such key. A new one is found although the others were fetched."""
        if key_id not in self._keys:
            await self._fetch(self._cooldown)
        return self._keys.get(key_id)

    async def _fetch(self, max_age: float) -> None:
        async with self._lock:
            if self._fetched is not None and time.monotonic() - self._fetched < max_age:
                return
            published = (await self._client.health.get_jwks()).to_dict()["keys"]
            self._are_empty = not published
            self._keys = {key["kid"]: jwt.PyJWK.from_dict(key) for key in published if key["alg"] in ALGORITHMS}
            self._fetched = time.monotonic()
