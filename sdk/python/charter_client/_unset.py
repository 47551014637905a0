"""The value of what is not given, which is not the same as null: null clears a property, UNSET leaves it as it is."""

from typing import Final, Literal


class Unset:
    """The type of UNSET."""

    __slots__ = ()

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = Unset()
