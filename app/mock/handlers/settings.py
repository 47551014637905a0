"""settings: what an admin changes at run time."""

import json
from typing import Any

from app import entity_tags
from app.entity_tags import NUMBER_AND_DIGEST
from app.errors import ValidationError
from app.mock.dependencies import MockDependencies, dependencies_of
from app.mock.settings import current
from app.mock.tables import SettingRow
from app.services import settings
from app.services.settings import CurrentSetting
from charter import Context, Dependencies, Result
from handlers.presenters import present_setting


def list_settings(dependencies: Dependencies) -> Result:
    """List the settings."""
    shown = [_current(dependencies, key) for key in sorted(dependencies.setting_declarations.by_key)]
    version = settings.digest([settings.etag(setting) for setting in shown])
    return Result([present_setting(setting) for setting in shown], version=version)


def get_public_settings(dependencies: Dependencies) -> Result:
    """Read the public values."""
    declarations = dependencies.setting_declarations.by_key
    public = [key for key in sorted(declarations) if declarations[key].visibility == "public"]
    values = {key: _current(dependencies, key).value for key in public}
    return Result(values, version=settings.digest(values))


def get_setting(dependencies: Dependencies, key: str) -> Result:
    """Read a setting."""
    return _result(_current(dependencies, key))


def put_setting(context: Context, key: str, body: dict[str, Any]) -> Result:
    """Set a setting."""
    dependencies, value = dependencies_of(context), body["value"]
    tables, before = dependencies.state.tables, current(dependencies, key)
    if violations := before.declaration.list_violations(value):
        raise ValidationError(details=violations)
    _require_version(context, before)
    if not before.is_set or json.dumps(before.value) != json.dumps(value):
        tables.settings[key] = SettingRow(key, value, tables.next_setting_version(), dependencies.clock())
    after = current(dependencies, key)
    context.event.details = settings.change(before, after)
    return _result(after)


def reset_setting(context: Context, key: str) -> None:
    """Remove the value of a setting and use the default."""
    dependencies = dependencies_of(context)
    before = current(dependencies, key)
    _require_version(context, before)
    dependencies.state.tables.settings.pop(key, None)
    context.event.details = settings.change(before, current(dependencies, key))


def _current(dependencies: Dependencies, key: str) -> CurrentSetting:
    assert isinstance(dependencies, MockDependencies)
    return current(dependencies, key)


def _require_version(context: Context, setting: CurrentSetting) -> None:
    entity_tags.check_if_match(context.expected_version, settings.etag(setting), form=NUMBER_AND_DIGEST)


def _result(setting: CurrentSetting) -> Result:
    return Result(present_setting(setting), version=settings.etag(setting))
