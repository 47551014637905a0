"""The page about the code of a project names all that it may import: what is not there may change with any release."""

import re

import charter
import charter.models
import charter.testing
from tests.house.repository import ROOT, check

PAGE = ROOT / "docs" / "extending.md"


def test_the_page_has_every_public_name():
    page = PAGE.read_text("utf-8").partition("## Tables")[0]
    told = {name for code in re.findall(r"`([^`]+)`", page) for name in re.findall(r"\w+", code)}
    fixtures = {
        name for name in charter.testing.__all__ if hasattr(getattr(charter.testing, name), "_fixture_function")
    }
    hooks = {name for name in charter.testing.__all__ if name.startswith("pytest_")}
    known = {*charter.__all__, *charter.models.__all__, *charter.testing.__all__} - fixtures - hooks
    check(sorted(known - told), "Add these names to the table in docs/extending.md.")
