"""Files stay small, have telling names, and say nothing about the machine they were written on."""

import re

from tests.house.repository import check, files, shown

PYTHON_LINES = 300
YAML_LINES = 250
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:home|root|Users|work|farm)/")
INDEX_ADDRESS = re.compile(
    r"https?://[^\s\"']*(?:/simple\b|/packages/|pypi|npmjs|pythonhosted)|--(?:extra-)?index-url\s*=?\s*\S*:|--find-links\s*=?\s*[./\w]"
)
KEY_BLOCK = re.compile("-----BEGIN [A-Z ]*PRIVATE " + "KEY-----")
NOT_TEXT = {".png", ".ico", ".gz", ".woff2"}
# Licences of others, as they wrote them.
NOT_OURS = "app/pages/vendor/"


def _lines(patterns: tuple[str, ...]) -> list[tuple[str, int]]:
    return [(shown(path), len(path.read_text(encoding="utf-8").splitlines())) for path in files(*patterns)]


def test_no_python_file_is_longer_than_300_lines():
    long = [f"{name}: {lines}" for name, lines in _lines(("*.py",)) if lines > PYTHON_LINES]
    check(long, f"Split these files: a Python file has at most {PYTHON_LINES} lines.")


def test_no_yaml_file_is_longer_than_250_lines():
    long = [f"{name}: {lines}" for name, lines in _lines(("*.yaml", "*.yml")) if lines > YAML_LINES]
    check(long, f"Split these files: a YAML file has at most {YAML_LINES} lines.")


def test_no_module_has_a_name_that_says_nothing():
    vague = [shown(path) for path in files("*.py") if VAGUE_NAMES & {path.stem.lower(), path.parent.name.lower()}]
    check(vague, f"Name these files after what they do, and not {', '.join(sorted(VAGUE_NAMES))}.")


def _told(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for path in files():
        if path.suffix in NOT_TEXT or shown(path).startswith(NOT_OURS):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
            if pattern.search(line):
                found.append(f"{shown(path)}:{number}: {line.strip()[:120]}")
    return found


def test_no_file_names_a_path_of_somebodys_machine():
    check(_told(MACHINE_PATH), "Take these paths out: they exist on one machine only.")


def test_no_file_names_a_package_index():
    check(_told(INDEX_ADDRESS), "Take these addresses out: everybody's pip has a package index of its own.")


def test_no_file_holds_a_private_key():
    check(_told(KEY_BLOCK), "Take these keys out, and use them nowhere any more.")


def test_every_pinned_requirement_has_hashes():
    for path in files("requirements/*.txt"):
        pins = re.findall(r"^[A-Za-z0-9].*==[^\n]*$", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert pins, shown(path)
        check([pin for pin in pins if not pin.endswith("\\")], f"Run `make requirements`: no hashes in {shown(path)}.")
