"""settings: what an admin changes at run time."""

from typing import Any

from app.entity_tags import Versions
from app.policy.results import Result
from app.services import configuration
from app.services.audit import Event
from app.services.configuration import Setting
from app.services.tools import Tools
from handlers.presenters import present_setting


def list_settings(tools: Tools) -> Result:
    """List the settings."""
    found = configuration.listing(tools=tools)
    version = configuration.digest([configuration.etag(setting) for setting in found])
    return Result([present_setting(setting) for setting in found], version=version)


def public_settings(tools: Tools) -> Result:
    """Read the values that anybody may see."""
    values = configuration.public(tools=tools)
    return Result(values, version=configuration.digest(values))


def get_setting(key: str, tools: Tools) -> Result:
    """Read a setting."""
    return _answer(configuration.find(key, tools=tools))


def put_setting(key: str, body: dict[str, Any], expected_version: Versions, tools: Tools, event: Event) -> Result:
    """Set a setting."""
    return _answer(configuration.put(key, body["value"], expected_version=expected_version, tools=tools, event=event))


def reset_setting(key: str, expected_version: Versions, tools: Tools, event: Event) -> None:
    """Let the default count again."""
    configuration.reset(key, expected_version=expected_version, tools=tools, event=event)


def _answer(setting: Setting) -> Result:
    return Result(present_setting(setting), version=configuration.etag(setting))
