"""The list of common passwords: one sorted file, mapped into memory and shared by all workers."""

import mmap
from pathlib import Path

from app.resources import COMMON_PASSWORDS


class CommonPasswords:
    """A set of words that are rejected as passwords (NIST SP 800-63B-4, 3.1.1.2).

    Args:
        path: UTF-8 file of case-folded words, one on each line, sorted by their bytes, with a line end after the last.

    Raises:
        OSError: when the file cannot be read.
    """

    def __init__(self, path: Path = COMMON_PASSWORDS) -> None:
        with path.open("rb") as file:
            self._words = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def __contains__(self, folded: str) -> bool:
        wanted = folded.encode("utf-8", "surrogatepass")
        low, high = 0, len(self._words)
        while low < high:
            middle = (low + high) // 2
            start = self._words.rfind(b"\n", low, middle) + 1 or low
            end = self._words.find(b"\n", middle)
            word = self._words[start:end]
            if word == wanted:
                return True
            if word < wanted:
                low = end + 1
            else:
                high = start
        return False
