"""How the wheel renames what the code imports."""

import ast
from pathlib import Path

import pytest

from app.packaging import arrange, renamed

BEFORE = '''"""It imports from app.config import Config."""

from __future__ import annotations

import os
import models, handlers as others
import app.cli.worker as worker
from app import resources
from app.errors import (
    AppError,
    NotFound as Missing,
)
from application import nothing
from charter import Page
from . import app as sibling

if TYPE_CHECKING:
    from models import User


def create():
    import models

    text = "from app import x"; from handlers.users import get_user
    é = "ä"; import models.user as user
    return models.User, app.x
'''

AFTER = '''"""It imports from app.config import Config."""

from __future__ import annotations

import os
import charter._internal.models as models, charter._internal.handlers as others
import charter._internal.app.cli.worker as worker
from charter._internal.app import resources
from charter._internal.app.errors import (
    AppError,
    NotFound as Missing,
)
from application import nothing
from charter import Page
from . import app as sibling

if TYPE_CHECKING:
    from charter._internal.models import User


def create():
    import charter._internal.models as models

    text = "from app import x"; from charter._internal.handlers.users import get_user
    é = "ä"; import charter._internal.models.user as user
    return models.User, app.x
'''


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_every_import_is_renamed_and_nothing_else(ending):
    source = BEFORE.replace("\n", ending).encode()
    assert renamed(source, Path("x.py")).decode() == AFTER.replace("\n", ending)


def test_each_statement_stays_on_its_line():
    def places(text: str) -> list[tuple[str, int]]:
        return [(type(node).__name__, node.lineno) for node in ast.walk(ast.parse(text)) if hasattr(node, "lineno")]

    assert places(BEFORE) == places(AFTER)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("import app.cli", "app/x.py:2: `import app.cli` binds the name of a package. Write `from app import cli`."),
        ("import os, app.db", "app/x.py:2: `import app.db` binds the name of a package. Write `from app import db`."),
        ("from  app import cli", "app/x.py:2: This import cannot be renamed. Write it as ruff formats it."),
        ("from \\\n  app import cli", "app/x.py:2: This import cannot be renamed. Write it as ruff formats it."),
    ],
)  # fmt: skip
def test_an_import_that_cannot_be_renamed_is_named_and_nothing_is_changed(tmp_path, line, told):
    packages(tmp_path)
    (tmp_path / "app" / "x.py").write_text(f"import os\n{line}\n", encoding="utf-8")
    before = content(tmp_path)
    with pytest.raises(ValueError, match=r"app/x\.py:2") as refused:
        arrange(tmp_path)
    assert str(refused.value) == told
    assert content(tmp_path) == before


def test_private_packages_and_data_move_into_the_public_one(tmp_path):
    packages(tmp_path)
    arrange(tmp_path)
    assert set(content(tmp_path)) == {
        "charter/__init__.py",
        "charter/_internal/__init__.py",
        "charter/_internal/app/__init__.py",
        "charter/_internal/handlers/__init__.py",
        "charter/_internal/migrations/one.py",
        "charter/_internal/models/__init__.py",
        "charter/_internal/openapi/openapi.yaml",
        "charter/_internal/sdk/python/README.md",
    }
    assert content(tmp_path)["charter/_internal/models/__init__.py"] == "from charter._internal.app import config\n"


def packages(folder: Path) -> None:
    """Write what setuptools leaves in its folder."""
    made = {
        "app/__init__.py": "",
        "app/sdk_layers/python/README.md": "",
        "app/packaging.py": "import setuptools\n",
        "app/migrations/one.py": "",
        "app/openapi/openapi.yaml": "",
        "charter/__init__.py": "",
        "handlers/__init__.py": "",
        "models/__init__.py": "from app import config\n",
    }
    for name, text in made.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def content(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in files}
