"""Import something without the modules that it asks for and that are never used."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, NoReturn


class _LeftOut:
    """Stands for a function or class of a module that is left out."""

    def __init__(self, *_: object, **__: object) -> NoReturn:
        raise NotImplementedError("Charter imports Connexion without its HTTP clients.")


class _Placeholder(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _LeftOut


@contextmanager
def left_out(*names: str) -> Iterator[None]:
    """Import with placeholders in the place of modules; what is imported afterwards is the real one.

    Args:
        names: of modules; those that have been imported already stay.
    """
    placeholders = {name: _Placeholder(name) for name in names if name not in sys.modules}
    sys.modules.update(placeholders)
    try:
        yield
    finally:
        for name in placeholders:
            del sys.modules[name]
