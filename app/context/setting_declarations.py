"""The settings that may be changed at run time, as openapi/settings.yaml declares them; `settings` has the values.

The configuration (`app.config`) is something else: it is read from the environment once.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import structlog

from app.errors import Violation

MAX_KEY_LENGTH = 64
MAX_VALUE_BYTES = 16_384
"""Bytes of a value as JSON: it is part of the list of all settings, and of the audit trail."""
Visibility = Literal["public", "private", "secret"]


@dataclass(frozen=True, slots=True)
class SettingDeclaration:
    """A setting: what its values look like, and who may see them.

    Attributes:
        visibility: who sees the value: public: everybody; private: holders of settings:read; secret: nobody.
        schema: a Schema Object of OpenAPI 3.0, for people to read.
        default: fits the schema.
        list_violations: takes a value and returns what is wrong with it, each with a field that begins with `value`.
        accepts_stored: tells whether a stored value is used; it demands less of text than `list_violations` demands of
            new values.
    """

    key: str
    description: str
    visibility: Visibility
    schema: Mapping[str, Any]
    default: Any
    list_violations: Callable[[Any], list[Violation]]
    accepts_stored: Callable[[Any], bool] = lambda _: True

    @property
    def is_secret(self) -> bool:
        """Whether its value can be written and is never shown."""
        return self.visibility == "secret"


@dataclass(frozen=True, slots=True)
class SettingDeclarations:
    """All settings, by key in the order of the file, and the rows that this process has warned about."""

    by_key: Mapping[str, SettingDeclaration]
    _warned: set[tuple[str, int]] = field(default_factory=set)

    @classmethod
    def of(cls, declarations: Iterable[SettingDeclaration] = ()) -> "SettingDeclarations":
        """Return these settings, by key."""
        return cls({declaration.key: declaration for declaration in declarations})

    @property
    def shown(self) -> list[list[Any]]:
        """What responses show of the settings besides the rows. Two releases that differ in it share no cache entry."""
        settings = self.by_key.values()
        return [[each.key, each.description, each.visibility, each.schema, each.default] for each in settings]

    def warn_once(self, key: str, version: int, why: str) -> None:
        """Log that a row is ignored, the first time that this process reads it. The value is not logged."""
        if (key, version) not in self._warned:
            self._warned.add((key, version))
            structlog.get_logger("charter").warning(
                "setting_passed_over", key=key, why=why, fix=f"charter settings set {key}, or reset it"
            )
