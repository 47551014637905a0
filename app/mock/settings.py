"""The settings of the mock: their current values."""

from typing import Any

from app.mock.dependencies import MockDependencies
from app.services.auth import UNVERIFIED
from app.services.settings import CurrentSetting, find_declaration


def current(dependencies: MockDependencies, key: str) -> CurrentSetting:
    """Return a setting.

    Raises:
        NotFound: no setting with this key is declared.
    """
    declaration = find_declaration(dependencies, key)
    row = dependencies.state.tables.settings.get(key)
    return CurrentSetting(declaration, row.setting if row else None, row is not None)


def values(dependencies: MockDependencies) -> dict[str, Any]:
    """Return the current values by key, secret ones too."""
    return {key: current(dependencies, key).value for key in dependencies.setting_declarations.by_key}


def unverified_may_sign_in(dependencies: MockDependencies) -> bool:
    """Tell whether accounts may sign in before their address is verified."""
    value = values(dependencies).get(UNVERIFIED)
    return dependencies.config.sign_in_unverified if value is None else bool(value)
