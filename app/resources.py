"""The places of files and packages that are read at run time, in a checkout and in an installed wheel.

In a checkout the folders of the code, `openapi/` and `migrations/` lie at the top. In a wheel they lie in
`charter/_internal/`, so that Charter has one name in an environment (docs/decisions/0025). Therefore the code never
names a package of its own in a string: it takes the name from here, or from `__package__`.
"""

from importlib.resources import files
from pathlib import Path

PREFIX = __name__.rpartition("app.")[0]
"""What stands before the names of Charter's own packages: nothing in a checkout, `charter._internal.` in a wheel."""

APP = Path(str(files(__package__)))
"""The folder of the package `app`."""

CODE = APP.parent
"""The folder that contains `app`, `handlers`, `models`, `openapi`, `migrations` and `sdk`."""

CHECKOUT = None if PREFIX else CODE
"""The folder of the checkout; None in an installed wheel."""

PACKAGES = CODE.parents[PREFIX.count(".") - 1] if PREFIX else CODE
"""The folder from which Charter is imported: the checkout, or `site-packages`."""

HANDLERS = f"{PREFIX}handlers"
"""The name of the package with the handlers of Charter's operations."""

OPENAPI = CODE / "openapi"
MIGRATIONS = CODE / "migrations"
SDK = CODE / "sdk"
"""The hand-written part of the packages for clients, a folder for each language."""
LICENSE = CODE / "LICENSE"
COMMON_PASSWORDS = APP / "security" / "data" / "common_passwords.txt"


def code_version() -> str:
    """Return the version of Charter's code; empty where it is not installed."""
    from importlib.metadata import PackageNotFoundError, version  # slow to import, and only servers ask

    try:
        return version("charter")
    except PackageNotFoundError:
        return ""
