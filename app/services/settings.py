"""Settings that an admin changes at run time: their current values, and how they change.

The table holds the values that somebody set; openapi/settings.yaml has the defaults. No value is cached between
requests: a service that needs one reads the database, so a change applies from the next request on, on every worker. A
row that the document does not declare, or whose value its schema rejects, is ignored; it is logged, and stays.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import Cast

from app import entity_tags
from app.context.setting_declarations import SettingDeclaration
from app.entity_tags import NUMBER_AND_DIGEST
from app.errors import NotFound, ValidationError
from app.identifiers import new_id
from charter import Context, Dependencies, execute, fetch, fetch_one, run, transaction
from models import Setting

MASK = "***"
"""What the audit trail has in place of a secret value."""

# There may be no row to lock: this lock replaces it. It ends with the transaction, so a pooler may sit in between.
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('charter setting ' || %(key)s, 0))"


@dataclass(frozen=True, slots=True)
class CurrentSetting:
    """A declared setting with its row.

    Attributes:
        row: None when nobody set it.
        is_set: whether the value of the row applies; False for a value that the schema rejects.
    """

    declaration: SettingDeclaration
    row: Setting | None
    is_set: bool

    @property
    def value(self) -> Any:
        """The value that applies: the one set, else the default. Never show it where `declaration.is_secret`."""
        return self.row.value if self.row and self.is_set else self.declaration.default

    @property
    def version(self) -> int:
        """The version of the row; 0 without a row."""
        return self.row.version if self.row else 0

    @property
    def updated_at(self) -> datetime | None:
        """When it was set; None while it is not."""
        return self.row.updated_at if self.row and self.is_set else None


def current_values(dependencies: Dependencies, *keys: str) -> dict[str, Any]:
    """Return the current values by key, for the server's own rules; in one statement.

    Args:
        keys: declared ones; the start of the server has checked this.
    """
    return {key: setting.value for key, setting in _read(dependencies, keys).items()}


def list_settings(dependencies: Dependencies) -> list[CurrentSetting]:
    """Return all settings in the order of their keys."""
    declarations = dependencies.setting_declarations
    rows = {row.key: row for row in fetch(Setting.select())}
    for row in rows.values():
        if row.key not in declarations.by_key:
            declarations.warn_once(row.key, row.version, "openapi/settings.yaml does not declare it")
    return [_current(dependencies, declarations.by_key[key], rows.get(key)) for key in sorted(declarations.by_key)]


def public_values(dependencies: Dependencies) -> dict[str, Any]:
    """Return the values of the public settings by key, in the order of the keys."""
    declarations = dependencies.setting_declarations.by_key
    public = [key for key in sorted(declarations) if declarations[key].visibility == "public"]
    return current_values(dependencies, *public)


def find(dependencies: Dependencies, key: str) -> CurrentSetting:
    """Return a setting.

    Raises:
        NotFound: no setting with this key is declared.
    """
    find_declaration(dependencies, key)
    return _read(dependencies, [key])[key]


def put(context: Context, key: str, *, value: Any) -> CurrentSetting:
    """Set a setting. Nothing is written when it has this value already: its ETag stays the same.

    Args:
        value: JSON-ready.

    Raises:
        NotFound: no setting with this key is declared.
        ValidationError: the schema rejects the value.
        PreconditionFailed: the version is none of those expected.
    """
    declaration = find_declaration(context.dependencies, key)
    if violations := declaration.list_violations(value):
        raise ValidationError(details=violations)
    with transaction():
        before = after = _lock(context, key)
        if not before.is_set or not _same(before.value, value):
            # The row as the database returns it: it writes some numbers another way.
            row = _save(key, value, context.dependencies.clock())
            after = _current(context.dependencies, declaration, row)
        context.event.details = change(before, after)
        return after


def reset(context: Context, key: str) -> CurrentSetting:
    """Remove the value that was set, if there is one, so that the default applies.

    Raises:
        NotFound: no setting with this key is declared.
        PreconditionFailed: the version is none of those expected.
    """
    declaration = find_declaration(context.dependencies, key)
    with transaction():
        before = _lock(context, key)
        execute(Setting.delete().where(Setting.key == key))
        after = _current(context.dependencies, declaration, None)
        context.event.details = change(before, after)
        return after


def etag(setting: CurrentSetting) -> str:
    """Return the setting's ETag: its version, and a digest of what is shown beside the row.

    A release that declares the key differently shows it under another tag.
    """
    declaration = setting.declaration
    shown = [declaration.key, declaration.description, declaration.visibility, declaration.schema, setting.is_set]
    if not declaration.is_secret:
        shown += [declaration.default, setting.value]
    return f"{setting.version}-{digest(shown)}"


def digest(shown: Any) -> str:
    """Return a short digest of a JSON-ready value."""
    return hashlib.sha256(_text(shown).encode()).hexdigest()[:12]


def find_declaration(dependencies: Dependencies, key: str) -> SettingDeclaration:
    """Return the declaration of a setting.

    Raises:
        NotFound: no setting with this key is declared.
    """
    declaration = dependencies.setting_declarations.by_key.get(key)
    if declaration is None:
        raise NotFound("There is no setting with this key. See the list of settings.")
    return declaration


def _read(dependencies: Dependencies, keys: Sequence[str]) -> dict[str, CurrentSetting]:
    declarations = dependencies.setting_declarations.by_key
    rows = {row.key: row for row in fetch(Setting.select().where(Setting.key.in_(keys)))}
    return {key: _current(dependencies, declarations[key], rows.get(key)) for key in keys}


def _current(dependencies: Dependencies, declaration: SettingDeclaration, row: Setting | None) -> CurrentSetting:
    is_set = row is not None and declaration.accepts_stored(row.value)
    if row is not None and not is_set:
        why = "its schema does not take the value that is stored"
        dependencies.setting_declarations.warn_once(row.key, row.version, why)
    return CurrentSetting(declaration, row, is_set)


def _lock(context: Context, key: str) -> CurrentSetting:
    # Two statements: the second one sees what was committed while the first one waited. What is read here stays until
    # the transaction ends, so old and new values of a key make one chain in the trail.
    run(_LOCK, {"key": key})
    before = _read(context.dependencies, [key])[key]
    entity_tags.check_if_match(context.expected_version, etag(before), form=NUMBER_AND_DIGEST)
    return before


def _save(key: str, value: Any, now: datetime) -> Setting | None:
    # As text: JSON's null is a value, where Peewee takes None for the NULL of SQL.
    stored = Cast(json.dumps(value), "jsonb")
    row = {"id": new_id(), "key": key, "value": stored, "created_at": now, "updated_at": now}
    new = [Setting.value, Setting.version, Setting.updated_at]
    query = Setting.insert(row).on_conflict(conflict_target=[Setting.key], preserve=new)
    return fetch_one(query.returning(Setting), Setting)


def change(before: CurrentSetting, after: CurrentSetting) -> Mapping[str, Any]:
    """Return what the audit trail keeps of a change."""
    old, new = (MASK, MASK) if before.declaration.is_secret else (before.value, after.value)
    return {"key": before.declaration.key, "old": old, "new": new}


def _same(one: Any, other: Any) -> bool:
    # As text: to Python, 1 and True are equal.
    return _text(one) == _text(other)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
