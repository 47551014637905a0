"""Every command that the README or a page of the documentation shows can be typed."""

import re
from pathlib import Path

import click
import pytest

from app.cli import main
from app.scaffold.project import project_files
from tests.house.locks import pins
from tests.house.repository import ROOT, check, files, shown

FENCE = re.compile(r"^```(?:console|sh|bash|shell)\n(.*?)^```", re.MULTILINE | re.DOTALL)
QUOTED = re.compile(r"""'[^']*'|"(?:[^"\\]|\\.)*\"""")
# A command starts a line, a pipe, a list or a substitution; assignments may stand before it.
START = r"(?:^|[;&|(]\s*)(?:[A-Z_]+=\S*\s+)*"
MAKE = re.compile(START + r"make((?:\s+[A-Z_]+=\S+)*(?:\s+[a-z][a-z-]*)*)")
CHARTER = re.compile(START + r"(?:\S*/)?charter((?:\s+[^\s;&|#)]+)*)")
PAGES = tuple(
    path for path in files("*.md") if path.parent == ROOT or path.relative_to(ROOT).parts[0] in ("docs", "sdk")
)


def commands(text: str) -> list[str]:
    """Return the lines that a reader would type, continuation lines joined."""
    found = []
    for block in FENCE.findall(text):
        lines = block.replace("\\\n", " ").splitlines()
        shows_output = any(line.startswith("$ ") for line in lines)
        found += [line.removeprefix("$ ") for line in lines if line.startswith("$ ") or not shows_output]
    # What is quoted is an argument.
    bare = [QUOTED.sub("''", line).split(" #")[0].strip() for line in found]
    return [line for line in bare if line and not line.startswith("#")]


def targets(path: Path | None = None) -> set[str]:
    """Return what the Makefile can make; on a page for projects, also what that of a project can."""
    found = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    if path is not None and path.name in ("projects.md", "tutorial.md", "upgrading.md"):
        found |= set(re.findall(r"^([a-z][a-z-]*):", project_files("shop", "")["Makefile"], re.MULTILINE))
    return found


def unknown_part(words: list[str]) -> str | None:
    """Return the first word of a charter command line that the command does not know, None when all is well."""
    command: click.Command = main
    options = {"--help", "-h", "--version"}
    for word in words:
        if word.startswith("-"):
            if word.split("=")[0] not in options:
                return word
        elif isinstance(command, click.Group):
            if word not in command.commands:
                return word
            command = command.commands[word]
            options = {name for item in command.params for name in item.opts} | {"--help", "-h"}
    return None


def _lines(path: Path) -> list[str]:
    return commands(path.read_text(encoding="utf-8"))


def test_there_is_a_readme_that_says_how_to_run_and_test():
    missing = sorted({"make run", "make test"} - set(_lines(ROOT / "README.md")))
    check(missing, "Show these commands in a ```console block of README.md.")


def test_the_readme_counts_the_packages_that_are_downloaded():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    written = [int(number) for number in re.findall(r"downloads (\d+) (?:more )?packages", text)]
    run, dev = len(pins("run")), len(pins("dev"))
    assert written == [run, dev - run], "Correct the numbers in README.md, and measure their sizes again."


@pytest.mark.parametrize("path", PAGES, ids=shown)
def test_every_make_target_on_a_page_exists(path):
    wanted = {
        word for line in _lines(path) for match in MAKE.findall(line) for word in match.split() if "=" not in word
    }
    check(sorted(wanted - targets(path)), f"The Makefile has no such targets. Correct the commands in {shown(path)}.")


@pytest.mark.parametrize("path", PAGES, ids=shown)
def test_every_charter_command_on_a_page_exists(path):
    lines = [match.split() for line in _lines(path) for match in CHARTER.findall(line)]
    unknown = [f"charter {' '.join(words)}: {part}" for words in lines if (part := unknown_part(words))]
    check(unknown, f"`charter` does not know the word behind the colon. Correct these commands in {shown(path)}.")


@pytest.mark.parametrize("path", PAGES, ids=shown)
def test_every_link_to_a_file_leads_somewhere(path):
    links = re.findall(r"\]\(([^)#\s]+)", path.read_text(encoding="utf-8"))
    broken = [link for link in links if "://" not in link and not (path.parent / link).exists()]
    check(broken, f"Correct these links in {shown(path)}: there are no such files.")


def test_every_make_target_says_what_it_does():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    described = set(re.findall(r"^([a-z][a-z-]*):.*## \S", text, re.MULTILINE))
    check(sorted(targets() - described), "Add `## what it does` behind these targets in the Makefile.")


def test_no_page_and_no_message_installs_charter_from_a_package_index():
    """The name may be a stranger's there: pip gets the path of the wheel."""
    found = re.compile(r"pip3? install (?:-\S+ )*['\"]?charter(?![\w/-])")
    texts = [*files("*.md"), *files("*.py"), *files("*.jinja"), *files("*.yaml"), ROOT / "Makefile"]
    wrong = [
        f"{shown(path)}:{number}"
        for path in texts
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if found.search(line)
    ]
    check(wrong, "Give pip the path of the wheel here, such as dist/charter-0.1.0-py3-none-any.whl.")
