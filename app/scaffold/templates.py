"""The templates of the files that are written."""

import json
import textwrap
from typing import Any

import jinja2
import yaml

from app import resources

FOLDER = resources.APP / "scaffold" / "templates"


def python_value(value: Any) -> str:
    """Return a JSON value as Python, with the quotes that ruff prefers."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {python_value(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(python_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def yaml_value(value: Any) -> str:
    """Return a JSON value as YAML on one line."""
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**6)
    return text.removesuffix("\n").removesuffix("\n...")


def yaml_block(value: dict[str, Any], indent: int) -> str:
    """Return a JSON object as YAML with a line for each property, without a line break at its end."""
    lines = (f"{yaml_value([key])[1:-1]}: {yaml_value([each])[1:-1]}" for key, each in value.items())
    return textwrap.indent("\n".join(lines), " " * indent)


def yaml_text(text: str, indent: int) -> str:
    """Return a sentence as YAML, folded if it is long; `indent` is that of its key."""
    if len(text) + indent < 100:
        return yaml_value(text)
    return ">-\n" + textwrap.indent(textwrap.fill(text, 116 - indent), " " * (indent + 2))


_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(FOLDER), trim_blocks=True, lstrip_blocks=True,
    undefined=jinja2.StrictUndefined, autoescape=False, keep_trailing_newline=True,  # noqa: S701  # it writes code
)  # fmt: skip
_ENVIRONMENT.filters["python"] = python_value
_ENVIRONMENT.filters["yaml"] = yaml_value
_ENVIRONMENT.filters["yaml_block"] = yaml_block
_ENVIRONMENT.filters["yaml_flow"] = lambda value: yaml_value([value])[1:-1]  # as it is written between braces
_ENVIRONMENT.filters["yaml_text"] = yaml_text
_ENVIRONMENT.filters["sql"] = lambda line: "\n".join(textwrap.wrap(line, 120, subsequent_indent=" " * 8))
_ENVIRONMENT.filters["fstring"] = lambda text: f'f"{text}"' if "{" in text else f'"{text}"'


def rendered(template: str, **values: Any) -> str:
    """Return the text of a template, by its path below the folder of templates, with these values."""
    return _ENVIRONMENT.get_template(template).render(values)
