"""The files that the program reads beside its code, in a checkout and in an installed wheel.

In a checkout `openapi/` and `migrations/` lie beside the package `app`, in a wheel within it (docs/decisions/0013).
"""

from importlib.resources import files
from pathlib import Path

_PACKAGE = Path(str(files("app")))

PACKAGES = _PACKAGE.parent
"""The folder that Python finds the package `app` in."""

_INSTALLED = (_PACKAGE / "openapi").is_dir()

CHECKOUT = None if _INSTALLED else _PACKAGE.parent
"""The folder of the checkout that runs; None when it is an installed wheel."""

_PLACE = CHECKOUT or _PACKAGE

OPENAPI = _PLACE / "openapi"
MIGRATIONS = _PLACE / "migrations"
COMMON_PASSWORDS = _PACKAGE / "security" / "data" / "common_passwords.txt"
