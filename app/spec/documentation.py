"""The tables of the documentation that follow from the document and the configuration: computed, and put into pages."""

import importlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app import config
from app.declared_errors import Declaration
from app.spec.policy import Policy

OPERATIONS_HEAD = (
    "| operation | method and path | who may call it | rate limit | audit trail |\n|---|---|---|---|---|\n"
)
_OPERATIONS = re.compile(re.escape(OPERATIONS_HEAD) + r"(?:\|.*\n)*")
_NUMBERS = re.compile(r"^\| number \| from \| value \|\n\|---\|---\|---\|\n(?:\|.*\n)+", re.MULTILINE)
# | what it is | `where it comes from` | value |
_NUMBER = re.compile(r"^(\| [^|]+ \| `([^`|]+)` \|) ([^|]+?) \|$", re.MULTILINE)
_ERROR = re.compile(r"^\| (\d{3}) \| `([A-Z_]+)` \| (.*) \|\n", re.MULTILINE)
_TERMS = re.compile(r"^(\| term \|.*\n\|(?:---\|)+\n)((?:\|.*\n)+)", re.MULTILINE)
_VARIABLE = re.compile(r"^\| `([A-Z_]+)` \| (?:`.*?`)? ?\| .*? \|\n", re.MULTILINE)

Component = Callable[[str], Any]
"""Returns the part of a file of components at `file.yaml#/pointer`."""


def operation_row(policy: Policy) -> str:
    """Return the line of an operation in the table of its feature page."""
    who = "anyone" if policy.public else " ".join(f"`{name}`" for name in policy.permissions)
    if policy.has_owner:
        who = f"the owner or {who}"
    bucket = f"`{policy.bucket}`" if policy.bucket else "none"
    entries = "" if policy.public else "a decision"
    if not policy.safe:
        entries = ", ".join(filter(None, (entries, f"`{policy.event}`")))
    name, place = policy.operation_id, f"{policy.method.upper()} {policy.path}"
    return f"| `{name}` | `{place}` | {who} | {bucket} | {entries or 'nothing'} |"


def with_operations(text: str, policies: Sequence[Policy]) -> str:
    """Return a feature page with the table of its operations: in place of the old one, or before the first section."""
    table = OPERATIONS_HEAD + "".join(f"{operation_row(policy)}\n" for policy in policies)
    if _OPERATIONS.search(text):
        return _OPERATIONS.sub(lambda _: table, text, count=1)
    before, heading, rest = text.partition("\n## ")
    return f"{before.rstrip()}\n\n{table}" + (f"{heading}{rest}" if heading else "")


def new_page(tag: str, description: str) -> str:
    """Return the beginning of a feature page, without its table."""
    first, _, rest = description.strip().partition(".")
    return f"# {tag}: {first[:1].lower()}{first[1:]}\n" + (f"\n{rest.strip()}\n" if rest.strip() else "")


def with_variables(text: str) -> str:
    """Return the page of the configuration with every variable as the configuration has it.

    A line keeps its place. A new variable comes after the one before it; one that is gone loses its line.
    """
    known = {
        name: f"| `{name}` | {_code(default)} | {about} |\n" for name, default, about in config.documented_variables()
    }
    listed = set(_VARIABLE.findall(text))
    names = list(known)

    def line(match: re.Match[str]) -> str:
        name = match[1]
        lines = [known[name]] if name in known else []
        if name in known:
            for following in names[names.index(name) + 1 :]:
                if following in listed:
                    break
                lines.append(known[following])
        return "".join(lines)

    return _VARIABLE.sub(line, text)


def with_errors(text: str, declared: Mapping[str, Declaration]) -> str:
    """Return the page of the errors with every code in the order of errors.yaml.

    What a line says of a code stays. A new code gets a line with its description; one that is gone loses its line.
    """
    lines = {match[2]: match for match in _ERROR.finditer(text)}
    if not lines:
        return text
    table = ""
    for code, one in declared.items():
        match = lines.get(code)
        said = match[3] if match else f"{one.description} | See the message."
        table += f"| {one.status} | `{code}` | {said} |\n"
    # The table is one: everything between its first and its last line belongs to it.
    first, last = min(each.start() for each in lines.values()), max(each.end() for each in lines.values())
    return text[:first] + table + text[last:]


def with_sorted_terms(text: str) -> str:
    """Return the glossary with its terms in alphabetical order."""
    found = _TERMS.search(text)
    if found is None:
        return text
    lines = sorted(set(found[2].splitlines(keepends=True)), key=lambda line: _term(line).lower())
    return text[: found.start(2)] + "".join(lines) + text[found.end(2) :]


def _term(line: str) -> str:
    return re.sub(r" \(.*\)", "", line.split("|")[1].strip())


def with_numbers(text: str, component: Component) -> str:
    """Return a page on which every number of its tables equals the place that it comes from."""

    def line(match: re.Match[str]) -> str:
        value = number_at(match[2], component)
        return match[0] if is_same_number(match[3], value) else f"{match[1]} {value} |"

    return _NUMBERS.sub(lambda table: _NUMBER.sub(line, table[0]), text)


def number_rows(text: str) -> list[tuple[str, str]]:
    """Return (where it comes from, the value) of each number in the tables of a page."""
    return [(row[1], row[2]) for table in _NUMBERS.findall(text) for row in _NUMBER.findall(table)]


def number_at(source: str, component: Component) -> Any:
    """Return what stands at a variable, a constant of a module, or a pointer into the components.

    Raises:
        LookupError, ImportError, AttributeError: there is no such place.
    """
    defaults: Mapping[str, str] = {name: default for name, default, _ in config.documented_variables()}
    if source in defaults:
        return defaults[source]
    if "#/" in source:
        return component(source)
    module, _, name = source.rpartition(".")
    return getattr(importlib.import_module(module), name)


def is_same_number(stated: str, found: Any) -> bool:
    """Return whether a page states a value; `1.0` and 1 are the same."""
    if isinstance(found, int | float) and not isinstance(found, bool):
        try:
            return float(stated) == found
        except ValueError:
            return False
    return stated == str(found)


def _code(default: str) -> str:
    return f"`{default}`" if default not in ("", "()") else ""
