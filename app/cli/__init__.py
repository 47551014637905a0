"""The `charter` command: one file for each group of sub-commands, and `refusals` for how each of them fails."""

import os
import sys
import warnings
from typing import TYPE_CHECKING, Any

# Connexion imports Starlette's test client, which warns about its own dependencies; nobody here can mend that.
if not sys.warnoptions:
    warnings.filterwarnings("ignore", module=r"connexion\.")

# Some libraries ask for the working directory while they are imported.
try:
    os.getcwd()  # noqa: PTH109  # only whether there is one
except OSError:
    sys.exit("charter: the working directory is gone: change to one that is there and try again")

if TYPE_CHECKING:
    from app.cli.command import main

__all__ = ["main"]


def __getattr__(name: str) -> Any:
    """Import the command when it is asked for: what serves has to heed signals before that takes its time."""
    if name == "main":
        from app.cli.command import main

        return main
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
