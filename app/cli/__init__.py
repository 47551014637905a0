"""The `charter` command: one file for each group of sub-commands; `errors` turns them into messages."""

import os
import sys
import warnings
from typing import TYPE_CHECKING, Any

# Connexion imports Starlette's test client, which warns about its own dependencies.
if not sys.warnoptions:
    warnings.filterwarnings("ignore", module=r"connexion\.")

# Some libraries read the working directory when they are imported.
try:
    os.getcwd()  # noqa: PTH109  # only whether there is one
except OSError:
    sys.exit("charter: the working directory is gone: change to one that exists and try again")

if TYPE_CHECKING:
    from app.cli.command import main

__all__ = ["main"]


def __getattr__(name: str) -> Any:
    """Import the command when it is needed: the import is slow, and a server must handle signals before it."""
    if name == "main":
        from app.cli.command import main

        return main
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
