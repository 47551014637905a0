"""Enums that a newer server may extend."""

from enum import StrEnum
from typing import Self


class OpenEnum(StrEnum):
    """An enum of texts that takes a value it does not know, so that a newer server breaks no older client.

    Such a value is a member of no name: it compares equal to its text, and `is_known` is false.
    """

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = value
        member._value_ = value
        return member

    @property
    def is_known(self) -> bool:
        """Whether this package was generated from a document with this value."""
        return self._value_ in type(self)._value2member_map_
