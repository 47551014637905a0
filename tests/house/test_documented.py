"""What can be set and what can go wrong stands in the documentation, no more and no less."""

import re

from app import config
from tests.house.errors import error_classes
from tests.house.repository import ROOT

SETTINGS_PAGE = ROOT / "docs" / "configuration.md"
ERRORS_PAGE = ROOT / "docs" / "errors.md"


def test_the_settings_page_lists_every_variable_with_its_default_and_meaning():
    rows = re.findall(r"^\| `([A-Z_]+)` \| (?:`(.*?)`)? ?\| (.*?) \|$", SETTINGS_PAGE.read_text("utf-8"), re.MULTILINE)
    known = [(name, "" if default == "()" else default, about) for name, default, about in config.catalogue()]
    assert rows == known


def test_the_errors_page_lists_every_code_with_its_status():
    rows = re.findall(r"^\| (\d{3}) \| `([A-Z_]+)` \| \S.*? \| \S.*? \|$", ERRORS_PAGE.read_text("utf-8"), re.MULTILINE)
    assert [(int(status), code) for status, code in rows] == [(item.status, item.code) for item in error_classes()]


def test_the_catalogue_of_errors_is_ordered_by_status_and_has_each_code_once():
    leaves = error_classes()
    assert [item.status for item in leaves] == sorted(item.status for item in leaves)
    assert len({item.code for item in leaves}) == len(leaves)
    assert all(item.default_message.endswith(".") for item in leaves)
