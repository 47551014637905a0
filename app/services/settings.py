"""Settings that an admin changes at run time: what counts now, and how it is changed.

The table holds what was changed, openapi/settings.yaml the defaults of the rest. Nothing is kept between requests:
whoever needs a value asks the database, so that a change counts from the next request on, on every worker. A row that
the document no longer knows, or that its schema no longer takes, counts for nothing; it is logged, and stays.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from app import entity_tags
from app.context.declarations import SettingDeclaration
from app.context.dependencies import Dependencies
from app.context.event import Event
from app.database import run, transaction
from app.entity_tags import NUMBER_AND_DIGEST, Versions
from app.errors import NotFound, ValidationError
from app.identifiers import new_id

MASK = "***"
"""What the audit trail has in place of a secret value."""

_ALL = "SELECT key, value, version, updated_at FROM settings"

_SOME = f"{_ALL} WHERE key = ANY(%(keys)s)"

# There may be no row to lock: this stands for it. It is the transaction's own, so a pooler may sit in between.
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('charter setting ' || %(key)s, 0))"

_SAVE = """
INSERT INTO settings (id, key, value, created_at, updated_at)
VALUES (%(id)s, %(key)s, %(value)s::jsonb, %(now)s, %(now)s)
ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, version = EXCLUDED.version, updated_at = EXCLUDED.updated_at
RETURNING key, value, version, updated_at
"""

_DELETE = "DELETE FROM settings WHERE key = %(key)s"


class Setting(NamedTuple):
    """A setting as it is now.

    Attributes:
        value: what counts: what somebody set, else the default. Never to be shown where `declared.is_secret`.
        is_set: whether somebody set it.
        version: of the row; 0 without one.
        updated_at: when it was set; None while it is not.
    """

    declared: SettingDeclaration
    value: Any
    is_set: bool
    version: int
    updated_at: datetime | None


def current(*keys: str, dependencies: Dependencies) -> dict[str, Any]:
    """Return the values that count now, by key, for rules of the server; in one statement.

    Args:
        keys: declared ones, which the start has checked.
    """
    return {key: setting.value for key, setting in _read(keys, dependencies).items()}


def listing(*, dependencies: Dependencies) -> list[Setting]:
    """Return all settings in the order of their keys."""
    known = dependencies.declarations.by_key
    rows = {row[0]: row for row in run(_ALL)}
    for key, _, version, _ in rows.values():
        if key not in known:
            dependencies.declarations.tell_once(key, version, "openapi/settings.yaml does not declare it")
    return [_setting(known[key], rows.get(key), dependencies) for key in sorted(known)]


def public(*, dependencies: Dependencies) -> dict[str, Any]:
    """Return the values of the public settings by key, in the order of the keys."""
    known = dependencies.declarations.by_key
    keys = [key for key in sorted(known) if known[key].visibility == "public"]
    return current(*keys, dependencies=dependencies)


def find(key: str, *, dependencies: Dependencies) -> Setting:
    """Return a setting.

    Raises:
        NotFound: none of this key is declared.
    """
    _declared(key, dependencies)
    return _read((key,), dependencies)[key]


def put(key: str, value: Any, *, expected_version: Versions, dependencies: Dependencies, event: Event) -> Setting:
    """Set a setting. Nothing is written when it is set to this already: its ETag stays good.

    Args:
        value: JSON-ready.

    Raises:
        NotFound: none of this key is declared.
        ValidationError: its schema does not take the value.
        PreconditionFailed: the version is none of those expected.
    """
    declared = _declared(key, dependencies)
    if faults := declared.faults(value):
        raise ValidationError(details=faults)
    now = dependencies.clock()
    with transaction():
        before = _lock(key, expected_version, dependencies)
        after = before
        if not before.is_set or not _same(before.value, value):
            # As the database has it now: it writes some numbers another way.
            rows = run(_SAVE, {"id": new_id(), "key": key, "value": json.dumps(value), "now": now})
            after = _setting(declared, rows[0], dependencies)
        event.details = _change(before, after)
        return after


def reset(key: str, *, expected_version: Versions, dependencies: Dependencies, event: Event) -> Setting:
    """Let the default count again, whether or not the setting was set.

    Raises:
        NotFound: none of this key is declared.
        PreconditionFailed: the version is none of those expected.
    """
    declared = _declared(key, dependencies)
    with transaction():
        before = _lock(key, expected_version, dependencies)
        run(_DELETE, {"key": key})
        after = _setting(declared, None, dependencies)
        event.details = _change(before, after)
        return after


def etag(setting: Setting) -> str:
    """Return what the setting's ETag says: its version, and a digest of what is shown beside the row.

    A release that declares the key otherwise shows it otherwise, and under another tag.
    """
    declared = setting.declared
    shown = [declared.key, declared.description, declared.visibility, declared.schema, setting.is_set]
    if not declared.is_secret:
        shown += [declared.default, setting.value]
    return f"{setting.version}-{digest(shown)}"


def digest(shown: Any) -> str:
    """Return a short digest of something JSON-ready that is shown."""
    return hashlib.sha256(_text(shown).encode()).hexdigest()[:12]


def _declared(key: str, dependencies: Dependencies) -> SettingDeclaration:
    declared = dependencies.declarations.by_key.get(key)
    if declared is None:
        raise NotFound("There is no setting of this key.")
    return declared


def _read(keys: tuple[str, ...], dependencies: Dependencies) -> dict[str, Setting]:
    known = dependencies.declarations.by_key
    rows = {row[0]: row for row in run(_SOME, {"keys": list(keys)})}
    return {key: _setting(known[key], rows.get(key), dependencies) for key in keys}


def _setting(declared: SettingDeclaration, row: tuple[Any, ...] | None, dependencies: Dependencies) -> Setting:
    if row is None:
        return Setting(declared, declared.default, False, 0, None)
    key, value, version, updated_at = row
    if not declared.takes_stored(value):
        dependencies.declarations.tell_once(key, version, "its schema does not take the value that is stored")
        return Setting(declared, declared.default, False, version, None)
    return Setting(declared, value, True, version, updated_at)


def _lock(key: str, expected_version: Versions, dependencies: Dependencies) -> Setting:
    # Two statements: the second one sees what was committed while the first one waited. What is read here stays until
    # the transaction ends, so old and new values of a key make one chain in the trail.
    run(_LOCK, {"key": key})
    before = _read((key,), dependencies)[key]
    entity_tags.check_if_match(expected_version, etag(before), form=NUMBER_AND_DIGEST)
    return before


def _change(before: Setting, after: Setting) -> Mapping[str, Any]:
    """Return what the audit trail keeps of a change."""
    old, new = (MASK, MASK) if before.declared.is_secret else (before.value, after.value)
    return {"key": before.declared.key, "old": old, "new": new}


def _same(one: Any, other: Any) -> bool:
    # As text: to Python, 1 and True are equal.
    return _text(one) == _text(other)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
