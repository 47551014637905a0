"""How often passwords are hashed, for the rule that an error response tells nothing by the time it takes."""

from collections.abc import Iterator
from contextlib import contextmanager

import bcrypt
import pytest


@contextmanager
def counted_hashes() -> Iterator[list[int]]:
    """Yield a list that grows by the cost of each hash that bcrypt makes or compares."""
    costs: list[int] = []
    make, compare = bcrypt.hashpw, bcrypt.checkpw

    def hashpw(password: bytes, salt: bytes) -> bytes:
        costs.append(int(salt[4:6]))
        return make(password, salt)

    def checkpw(password: bytes, stored: bytes) -> bool:
        costs.append(int(stored[4:6]))
        return compare(password, stored)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bcrypt, "hashpw", hashpw)
        patch.setattr(bcrypt, "checkpw", checkpw)
        yield costs
