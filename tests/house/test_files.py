"""Files stay small, have telling names, and say nothing about the machine they were written on."""

import re

from tests.house.repository import files, shown

PYTHON_LINES = 300
YAML_LINES = 250
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:home|root|Users|work|farm)/")
INDEX_ADDRESS = re.compile(
    r"https?://[^\s\"']*(?:/simple\b|/packages/|pypi|npmjs|pythonhosted)|--(?:extra-)?index-url\s*=?\s*\S*:|--find-links\s*=?\s*[./\w]"
)
KEY_BLOCK = re.compile("-----BEGIN [A-Z ]*PRIVATE " + "KEY-----")
NOT_TEXT = {".png", ".ico", ".gz", ".woff2"}


def _lines(patterns: tuple[str, ...]) -> list[tuple[str, int]]:
    return [(shown(path), len(path.read_text(encoding="utf-8").splitlines())) for path in files(*patterns)]


def test_no_python_file_is_longer_than_300_lines():
    assert [item for item in _lines(("*.py",)) if item[1] > PYTHON_LINES] == []


def test_no_yaml_file_is_longer_than_250_lines():
    assert [item for item in _lines(("*.yaml", "*.yml")) if item[1] > YAML_LINES] == []


def test_no_module_has_a_name_that_says_nothing():
    vague = [shown(path) for path in files("*.py") if VAGUE_NAMES & {path.stem.lower(), path.parent.name.lower()}]
    assert vague == []


def _told(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for path in files():
        if path.suffix in NOT_TEXT:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
            if pattern.search(line):
                found.append(f"{shown(path)}:{number}: {line.strip()[:120]}")
    return found


def test_no_file_names_a_path_of_somebodys_machine():
    assert _told(MACHINE_PATH) == []


def test_no_file_names_a_package_index():
    assert _told(INDEX_ADDRESS) == []


def test_no_file_holds_a_private_key():
    assert _told(KEY_BLOCK) == []


def test_every_pinned_requirement_has_hashes():
    for path in files("requirements/*.txt"):
        pins = re.findall(r"^[A-Za-z0-9].*==[^\n]*$", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert pins, shown(path)
        assert [pin for pin in pins if not pin.endswith("\\")] == [], shown(path)
