"""The paths of files that are read at run time, in a checkout and in an installed wheel.

In a checkout `openapi/` and `migrations/` are beside the package `app`, in a wheel inside it (docs/decisions/0013).
"""

from importlib.resources import files
from pathlib import Path

_PACKAGE = Path(str(files("app")))

PACKAGES = _PACKAGE.parent
"""The folder that contains the package `app`."""

_INSTALLED = (_PACKAGE / "openapi").is_dir()

CHECKOUT = None if _INSTALLED else _PACKAGE.parent
"""The folder of the checkout; None in an installed wheel."""

_ROOT = CHECKOUT or _PACKAGE

OPENAPI = _ROOT / "openapi"
MIGRATIONS = _ROOT / "migrations"
COMMON_PASSWORDS = _PACKAGE / "security" / "data" / "common_passwords.txt"
