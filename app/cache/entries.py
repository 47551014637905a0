"""The bytes of a cache entry: a keyed hash, the versions of its tags, the version of the value, and the value.

The hash covers the rest and the names under which all of it is stored. So a server sends only what a server with the
same secret has stored in this place: not what another program or another deployment wrote, nor a copy of another entry.
"""

import hashlib
import hmac
from collections.abc import Sequence
from typing import NamedTuple

VERSION_BYTES = 8
"""The length of the version of a tag."""

_HASH_BYTES = 16
_LENGTH_BYTES = 4


class CorruptEntryError(Exception):
    """An entry that no server with this secret has stored in its place."""


class CachedValue(NamedTuple):
    """A value with its version.

    Attributes:
        data: JSON that the document describes; empty: there is none.
        version: of the value, as in its ETag.
    """

    data: bytes
    version: str


class Entries:
    """Writes and reads entries.

    Args:
        secret: at most 64 bytes.
    """

    def __init__(self, secret: bytes) -> None:
        self._key = hashlib.blake2b(key=secret, person=b"entries").digest()

    def write(self, value: CachedValue, names: Sequence[bytes], versions: Sequence[bytes | None]) -> bytes:
        """Return the entry of a value.

        Args:
            names: the key of the entry, and the keys of its tags.
            versions: of the tags, in their order, each of VERSION_BYTES.
        """
        version = value.version.encode()
        length = len(version).to_bytes(_LENGTH_BYTES, "big")
        content = b"".join([*filter(None, versions), length, version, value.data])
        return self._hash(content, names) + content

    def read(self, entry: bytes, names: Sequence[bytes], versions: Sequence[bytes | None]) -> CachedValue | None:
        """Return the value of an entry; None if it was stored with other versions of its tags.

        Args:
            names, versions: as in `write`; the versions are the current ones.

        Raises:
            CorruptEntryError: no server with this secret has stored the entry under these names.
        """
        content = entry[_HASH_BYTES:]
        if not hmac.compare_digest(self._hash(content, names), entry[:_HASH_BYTES]):
            raise CorruptEntryError
        current = b"".join(filter(None, versions))
        if not content.startswith(current):
            return None
        begin = len(current) + _LENGTH_BYTES
        end = begin + int.from_bytes(content[len(current) : begin], "big")
        return CachedValue(content[end:], content[begin:end].decode())

    def _hash(self, content: bytes, names: Sequence[bytes]) -> bytes:
        # The names end at the first empty line: none is empty, and none has a line break.
        return hashlib.blake2b(b"\n".join((*names, b"", content)), key=self._key, digest_size=_HASH_BYTES).digest()
