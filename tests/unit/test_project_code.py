"""The code of a project: handlers that cannot be imported, and reaches into what is private to Charter."""

import sys
from pathlib import Path

import pytest

from app.pipeline.handlers import find_handlers
from app.project import Project
from app.spec.project_code import check_project_code
from tests.unit.made import make_policy
from tests.unit.sample_project import SAMPLE


def write(folder: Path, files: dict[str, str]) -> Project:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Project("shop", folder, "shop_handlers")


def told(folder: Path, files: dict[str, str]) -> list[str]:
    return [str(fault) for fault in check_project_code(write(folder, files))]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("import charter._internal.app.errors", "charter._internal.app.errors"),
        ("from charter import _internal", "charter._internal"),
        ("from charter._internal.models import User", "charter._internal.models.User"),
        ("    from charter._public import Page", "charter._public.Page"),
        ("import charter; charter._internal.app", "charter._internal"),
        ("import importlib; importlib.import_module('charter._internal.app')", "charter._internal.app"),
        ("from app.services import users", "app.services.users"),
        ("import app.errors", "app.errors"),
    ],
)
def test_a_reach_into_private_modules_is_told_with_its_line(tmp_path, line, name):
    text = f"if True:\n{line}\n" if line.startswith(" ") else f"x = 1\n{line}\n"
    place = "services/deep/users.py:2"
    assert told(tmp_path, {"services/deep/users.py": text}) == [
        f"{place}: {name} is private to Charter. Use what `import charter` offers."
    ]


@pytest.mark.parametrize(
    "text",
    [
        "from charter import Page, errors\nimport charter\nprint(charter.__name__, charter.Page)\n",
        "from models import _hidden\nfrom . import app\nfrom .app import x\n",
        "# from app import x\ntext = 'import charter._internal'\n",
        "from charter import (  # not Python",
    ],
)
def test_what_is_public_or_of_the_project_may_be_used(tmp_path, text):
    assert told(tmp_path, {"services/users.py": text}) == []


def test_a_project_may_have_a_package_app(tmp_path):
    assert told(tmp_path, {"app/__init__.py": "", "services/users.py": "from app import x\n"}) == []


def test_environments_and_hidden_folders_are_no_code_of_the_project(tmp_path):
    reach = "import charter._internal\n"
    files = {"env/pyvenv.cfg": "", "env/lib/x.py": reach, ".cache/x.py": reach, "node_modules/x.py": reach}
    assert told(tmp_path, files) == []


@pytest.mark.parametrize("name", ["charter.py", "charter/__init__.py"])
def test_a_module_that_hides_charter_is_told(tmp_path, name):
    assert told(tmp_path, {name: ""}) == [f"{name}:1: This hides the package charter. Give it another name."]


def test_the_sample_project_has_no_reach():
    assert list(check_project_code(Project("shop", SAMPLE))) == []


def test_a_module_that_cannot_be_imported_is_told_once_at_the_line_of_the_project(tmp_path, monkeypatch):
    files = {
        "shop_handlers/__init__.py": "",
        "shop_handlers/broken.py": "x = 1\ndef f(:\n",
        "shop_handlers/missing.py": "import json\nfrom shop_services import nothing\n",
        "shop_handlers/named.py": "import shop_rules\n",
        "shop_rules.py": "import json\n\nraise TypeError('a.')\n",
        "shop_handlers/other.py": "import decimal\nraise OSError('no')\n",
        "shop_handlers/ends.py": "raise SystemExit('no')\n",
        "shop_handlers/fine.py": "def a(): ...\n",
    }
    project = write(tmp_path, files)
    monkeypatch.syspath_prepend(str(tmp_path))
    names = ("broken", "missing", "named", "other", "ends", "fine", "absent")
    policies = {
        f"{name}_{letter}": make_policy(operation_id=f"{name}_{letter}", tag=name) for name in names for letter in "ab"
    }
    policies["a"] = make_policy(operation_id="a", tag="fine")

    handlers, faults = find_handlers(policies, "no_such_package", project)

    assert handlers.keys() == {"a"}
    lines = sorted({str(fault).partition(": ")[2] if "no handler" in str(fault) else str(fault) for fault in faults})
    assert [line for line in lines if "handler." not in line] == [
        "shop_handlers/broken.py:2: This is not Python: invalid syntax. Correct the syntax.",
        "shop_handlers/ends.py:1: The module shop_handlers.ends cannot be imported: SystemExit: no. Correct this line.",
        "shop_handlers/missing.py:2: There is no module shop_services. Write it, install it, or correct its name.",
        "shop_handlers/other.py:2: The module shop_handlers.other cannot be imported: OSError: no. Correct this line.",
        "shop_rules.py:3: The module shop_handlers.named cannot be imported: TypeError: a. Correct this line.",
    ]
    for name, module in (("absent_a", "absent"), ("fine_b", "fine")):
        fix = f"Write the function {name} in shop_handlers/{module}.py, or let charter scaffold write it."
        assert f"The operation {name} has no handler. {fix}" in lines
    assert len(faults) == 5 + 4
    for name in [name for name in sys.modules if name.startswith("shop_")]:
        del sys.modules[name]
