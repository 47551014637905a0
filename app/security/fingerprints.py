"""Fingerprints: what tells one request from another, keyed, so that nobody can guess a request from what is kept."""

import hmac
from collections.abc import Sequence

_LABEL = b"charter request fingerprint v1"


class Fingerprints:
    """Makes fingerprints.

    Args:
        secrets: the first makes those that are kept; with the others they are recognised after a change of secret.

    Raises:
        ValueError: without a secret.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        if not secrets:
            raise ValueError("fingerprints need a secret")
        # A key of their own: nothing else that the secret signs can pass for a fingerprint.
        self._keys = tuple(hmac.digest(secret.encode(), _LABEL, "sha256") for secret in secrets)

    def of(self, content: bytes) -> tuple[bytes, ...]:
        """Return the fingerprint by each secret, 32 bytes each, in their order."""
        return tuple(hmac.digest(key, content, "sha256") for key in self._keys)
