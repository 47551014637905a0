"""settings: what an admin changes at run time."""

from typing import Any

from app.services import settings
from app.services.settings import CurrentSetting
from charter import Context, Dependencies, Result
from handlers.presenters import present_setting


def list_settings(dependencies: Dependencies) -> Result:
    """List the settings."""
    current = settings.list_settings(dependencies)
    etags = [settings.etag(setting) for setting in current]
    return Result([present_setting(setting) for setting in current], version=settings.digest(etags))


def get_public_settings(dependencies: Dependencies) -> Result:
    """Read the public values."""
    values = settings.public_values(dependencies)
    return Result(values, version=settings.digest(values))


def get_setting(dependencies: Dependencies, key: str) -> Result:
    """Read a setting."""
    return _result(settings.find(dependencies, key))


def put_setting(context: Context, key: str, body: dict[str, Any]) -> Result:
    """Set a setting."""
    return _result(settings.put(context, key, **body))


def reset_setting(context: Context, key: str) -> None:
    """Remove the value of a setting and use the default."""
    settings.reset(context, key)


def _result(setting: CurrentSetting) -> Result:
    return Result(present_setting(setting), version=settings.etag(setting))
