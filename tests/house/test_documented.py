"""The documentation lists everything that can be set and can go wrong, no more and no less."""

import re
from itertools import pairwise

from app import config
from tests.document import DOCUMENT
from tests.house.errors import error_classes
from tests.house.repository import ROOT, check

SETTINGS_PAGE = ROOT / "docs" / "configuration.md"
ERRORS_PAGE = ROOT / "docs" / "errors.md"


def test_the_settings_page_lists_every_variable_with_its_default_and_meaning():
    rows = re.findall(r"^\| `([A-Z_]+)` \| (?:`(.*?)`)? ?\| (.*?) \|$", SETTINGS_PAGE.read_text("utf-8"), re.MULTILINE)
    known = [
        (name, "" if default == "()" else default, about) for name, default, about in config.documented_variables()
    ]
    lines = [f"| `{name}` | {f'`{default}`' if default else ''} | {about} |" for name, default, about in known]
    missing = [line for row, line in zip(known, lines, strict=True) if row not in rows]
    check(missing, "Run charter spec docs, or add these lines to the tables of docs/configuration.md.")
    check([row for row in rows if row not in known], "app/config.py says otherwise. Correct or delete these lines.")
    assert rows == known, "Put the lines of docs/configuration.md in the order of app/config.py, each once."


def test_the_errors_page_lists_every_code_with_its_status():
    rows = re.findall(r"^\| (\d{3}) \| `([A-Z_]+)` \| \S.*? \| \S.*? \|$", ERRORS_PAGE.read_text("utf-8"), re.MULTILINE)
    listed, known = (
        [(int(status), code) for status, code in rows],
        [(item.status, item.code) for item in error_classes()],
    )
    missing = [f"| {status} | `{code}` | when | what to do |" for status, code in known if (status, code) not in listed]
    check(missing, "Add a line like this for each of these codes to docs/errors.md, in the order of app/errors.py.")
    check(
        [row for row in listed if row not in known],
        "app/errors.py has no such codes: delete their lines in docs/errors.md.",
    )
    assert listed == known, "Put the lines of docs/errors.md in the order of app/errors.py, each once."


def test_errors_yaml_and_the_classes_of_charter_say_the_same():
    declared = {code: (one.status, one.message) for code, one in DOCUMENT.errors.items()}
    classes = {item.code: (item.status, item.default_message) for item in error_classes()}
    wrong = [code for code in {**classes, **declared} if classes.get(code) != declared.get(code)]
    check(wrong, "Make openapi/errors.yaml and app/errors.py agree about the status and the message of these codes.")
    assert list(declared) == list(classes), "Put openapi/errors.yaml in the order of app/errors.py."


def test_the_catalogue_of_errors_is_ordered_by_status_and_has_each_code_once():
    leaves = error_classes()
    wrong = [after.__name__ for before, after in pairwise(leaves) if before.status > after.status]
    check(wrong, "Move these classes of app/errors.py up, to the others of their status.")
    codes = [item.code for item in leaves]
    check(
        sorted({code for code in codes if codes.count(code) > 1}),
        "app/errors.py has these codes twice: choose another.",
    )
    open_ended = [item.__name__ for item in leaves if not item.default_message.endswith(".")]
    check(open_ended, "End the messages of these classes of app/errors.py with a full stop.")
