"""The settings that may be changed at run time, as openapi/settings.yaml declares them; values are `configuration`'s.

The settings of the process (`app.config`) are other things: read from the environment, and fixed until it ends.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import structlog

from app.errors import Violation

Visibility = Literal["public", "private", "secret"]


@dataclass(frozen=True, slots=True)
class SettingDeclaration:
    """A setting: what its values look like, and who may see them.

    Attributes:
        visibility: public: anybody sees the value; private: whoever holds settings:read; secret: nobody.
        schema: a Schema Object of OpenAPI 3.0, for people to read.
        default: fits the schema.
        faults: takes a value and returns what is wrong with it, each with a field that begins with `value`.
        takes_stored: tells whether a value that is stored counts; of text it asks less than `faults` asks of what is
            new.
    """

    key: str
    description: str
    visibility: Visibility
    schema: Mapping[str, Any]
    default: Any
    faults: Callable[[Any], list[Violation]]
    takes_stored: Callable[[Any], bool] = lambda _: True

    @property
    def is_secret(self) -> bool:
        """Whether its value is written and never shown."""
        return self.visibility == "secret"


@dataclass(frozen=True, slots=True)
class SettingDeclarations:
    """All settings there are, by key in the order of the file, and what this process has told of their rows."""

    by_key: Mapping[str, SettingDeclaration]
    _told: set[tuple[str, int]] = field(default_factory=set)

    @classmethod
    def of(cls, declared: Iterable[SettingDeclaration] = ()) -> "SettingDeclarations":
        """Return these settings."""
        return cls({each.key: each for each in declared})

    @property
    def told(self) -> list[list[Any]]:
        """What answers tell of the settings beside the rows: two releases in which it differs answer differently."""
        known = self.by_key.values()
        return [[each.key, each.description, each.visibility, each.schema, each.default] for each in known]

    def tell_once(self, key: str, version: int, why: str) -> None:
        """Log that a row is passed over, the first time that this process meets it; its value is not told."""
        if (key, version) not in self._told:
            self._told.add((key, version))
            structlog.get_logger("charter").warning(
                "setting_passed_over", key=key, why=why, fix=f"charter settings set {key}, or reset it"
            )
