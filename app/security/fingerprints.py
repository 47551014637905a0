"""Fingerprints of requests, made with a key, so that a stored fingerprint does not help to guess its request."""

import hmac
from collections.abc import Sequence

_LABEL = b"charter request fingerprint v1"


class Fingerprints:
    """Computes fingerprints.

    Args:
        secrets: the first one makes the fingerprints to store; with the others, stored ones are found after a change.

    Raises:
        ValueError: there is no secret.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        if not secrets:
            raise ValueError("Fingerprints need at least one secret.")
        # A separate key: nothing else that is signed with the secret can be taken for a fingerprint.
        self._keys = tuple(hmac.digest(secret.encode(), _LABEL, "sha256") for secret in secrets)

    def of(self, content: bytes) -> tuple[bytes, ...]:
        """Return one fingerprint of 32 bytes for each secret, in the order of the secrets."""
        return tuple(hmac.digest(key, content, "sha256") for key in self._keys)
