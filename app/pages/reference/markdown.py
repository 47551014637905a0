"""The reference as Markdown, for programs that read: one page for each operation, and `llms.txt`, which lists them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from app.pages.reference.policy_words import Rule
from app.spec.operation import Operation

_FENCES = {"Shell": "sh", "Python": "python", "TypeScript": "ts"}


class Guide(NamedTuple):
    """A page about what all operations have in common.

    Attributes:
        name: of its file.
        page: its text.
    """

    name: str
    title: str
    page: str

    @property
    def summary(self) -> str:
        """Return its first sentence; empty where it begins with a table or the like."""
        first = _paragraph(self.page.split("\n\n")[1])
        return "" if first.startswith(("|", "```", "- ", "#")) else re.split(r"(?<=[.:]) ", first)[0].rstrip(".:")


def operation_page(
    operation: Operation, rules: Iterable[Rule], samples: Iterable[dict[str, str]], document_url: str
) -> str:
    """Return the page of an operation.

    Args:
        samples: as `x-codeSamples` has them.
        document_url: where the whole document is.
    """
    body = operation.body
    parts = [
        f"# {body['operationId']}: {body['summary']}",
        f"`{operation.method.upper()} {operation.path}`",
        _paragraph(body.get("description", "")),
        "\n".join(f"- {rule.matter}: {rule.text}" for rule in rules),
        *_parameters(operation),
        *_body(operation),
        *_responses(operation),
        "## Samples",
        *(f"{item['label']}:\n\n```{_FENCES[item['lang']]}\n{item['source']}\n```" for item in samples),
        f"The schemas of all bodies are in the OpenAPI document: {document_url}",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def guide_pages(introduction: str) -> list[Guide]:
    """Return a page for each guide of an introduction: what stands under a heading of the second level."""
    parts = re.split(r"^## +(.+)$", introduction, flags=re.MULTILINE)[1:]
    return [
        Guide(_file_name(title), title.strip(), f"# {title.strip()}\n\n{text.strip()}\n")
        for title, text in zip(parts[::2], parts[1::2], strict=True)
    ]


def index(
    title: str,
    summary: str,
    guides: Iterable[Guide],
    tags: Sequence[dict[str, Any]],
    operations: Iterable[Operation],
    root: str,
) -> str:
    """Return `llms.txt` (llmstxt.org): a title, a summary, and sections with links to all that programs can read.

    Args:
        root: the address of the deployment, without a slash at its end; empty for relative links.
    """
    by_tag: dict[str, list[Operation]] = {tag["name"]: [] for tag in tags}
    for operation in operations:
        by_tag.setdefault(operation.body["tags"][0], []).append(operation)
    sections = {
        "Guides": [_link(guide.title, f"{root}/docs/guides/{guide.name}", guide.summary) for guide in guides],
        **{
            f"Operations: {tag}": [
                _link(
                    item.body["operationId"],
                    f"{root}/docs/operations/{item.body['operationId']}.md",
                    f"{_paragraph(item.body['summary'])}, `{item.method.upper()} {item.path}`",
                )
                for item in listed
            ]
            for tag, listed in by_tag.items()
        },
        "The document": [
            _link("openapi.json", f"{root}/openapi.json", "OpenAPI 3.0, all operations and schemas"),
            _link("openapi.yaml", f"{root}/openapi.yaml", "the same in YAML"),
        ],
    }
    parts = [f"# {title}", f"> {_paragraph(summary)}"]
    for name, links in sections.items():
        parts += [f"## {name}", "\n".join(links)] if links else []
    return "\n\n".join(parts) + "\n"


def _link(title: str, address: str, note: str) -> str:
    return f"- [{title}]({address}): {note}" if note else f"- [{title}]({address})"


def _file_name(title: str) -> str:
    return "-".join(re.findall(r"[a-z0-9]+", title.lower())) + ".md"


def _parameters(operation: Operation) -> Iterator[str]:
    if operation.parameters:
        rows = [
            (
                f"`{item['name']}`",
                item["in"],
                type_in_words(operation, item.get("schema", {})),
                "yes" if item.get("required") else "no",
                _cell(item.get("description", "")),
            )
            for item in operation.parameters
        ]
        yield "## Parameters"
        yield _table(("name", "in", "type", "required", "meaning"), rows)


def _body(operation: Operation) -> Iterator[str]:
    request = operation.resolved(operation.body.get("requestBody", {}))
    schema = operation.resolved(request.get("content", {}).get("application/json", {}).get("schema", {}))
    if "properties" in schema:
        required = set(schema.get("required", ()))
        yield "## Body"
        yield "The body may be omitted." if not request.get("required") else ""
        yield _table(
            ("property", "type", "required", "meaning"),
            [
                (
                    f"`{name}`",
                    type_in_words(operation, part),
                    "yes" if name in required else "no",
                    _cell(operation.resolved(part).get("description", "")),
                )
                for name, part in schema["properties"].items()
            ],
        )


def _responses(operation: Operation) -> Iterator[str]:
    rows = []
    for status, reference in operation.body["responses"].items():
        response = operation.resolved(reference)
        content = response.get("content", {}).get("application/json", {})
        name = str(content.get("schema", {}).get("$ref", "")).rpartition("/")[2]
        rows.append((str(status), _cell(response["description"]), f"`{name}`" if name else "no body"))
    yield "## Responses"
    yield _table(("status", "when", "schema"), rows)


def type_in_words(operation: Operation, schema: dict[str, Any]) -> str:
    """Return the type of a value in a few words, such as `string (uuid)`, with the values of a short enum."""
    target = operation.resolved(schema)
    if "enum" in target and len(target["enum"]) <= 8:
        return " ".join(f"`{value}`" for value in target["enum"])
    if target.get("type") == "array":
        return f"list of {type_in_words(operation, target.get('items', {}))}"
    form = target.get("format") or target.get("x-format")
    kind = target.get("type", "any")
    null = " or null" if target.get("nullable") else ""
    return f"{kind} ({form}){null}" if form else f"{kind}{null}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _paragraph(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    return _paragraph(text).replace("|", "\\|")
