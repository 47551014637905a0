"""settings: what an admin changes at run time."""

from typing import Any

from app.context.dependencies import Dependencies
from app.context.event import Event
from app.entity_tags import Versions
from app.results import Result
from app.services import settings
from app.services.settings import Setting
from handlers.presenters import present_setting


def list_settings(dependencies: Dependencies) -> Result:
    """List the settings."""
    found = settings.listing(dependencies=dependencies)
    version = settings.digest([settings.etag(setting) for setting in found])
    return Result([present_setting(setting) for setting in found], version=version)


def public_settings(dependencies: Dependencies) -> Result:
    """Read the values that anybody may see."""
    values = settings.public(dependencies=dependencies)
    return Result(values, version=settings.digest(values))


def get_setting(key: str, dependencies: Dependencies) -> Result:
    """Read a setting."""
    return _answer(settings.find(key, dependencies=dependencies))


def put_setting(
    key: str, body: dict[str, Any], expected_version: Versions, dependencies: Dependencies, event: Event
) -> Result:
    """Set a setting."""
    return _answer(
        settings.put(key, body["value"], expected_version=expected_version, dependencies=dependencies, event=event)
    )


def reset_setting(key: str, expected_version: Versions, dependencies: Dependencies, event: Event) -> None:
    """Let the default count again."""
    settings.reset(key, expected_version=expected_version, dependencies=dependencies, event=event)


def _answer(setting: Setting) -> Result:
    return Result(present_setting(setting), version=settings.etag(setting))
