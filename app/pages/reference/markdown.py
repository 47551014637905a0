"""The reference as Markdown, for programs that read: one page for each operation, and `llms.txt`, which lists them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from app.pages.reference.policy_words import Rule
from app.spec.operation import Operation

_FENCES = {"Shell": "sh", "Python": "python", "TypeScript": "ts"}


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


def index(
    title: str, introduction: str, tags: Sequence[dict[str, Any]], operations: Iterable[Operation], root: str
) -> str:
    """Return `llms.txt` (llmstxt.org): the introduction of the document, and a link to the page of each operation.

    Args:
        root: the address of the deployment, without a slash at its end; empty for relative links.
    """
    first, _, rest = introduction.strip().partition("\n\n")
    by_tag: dict[str, list[Operation]] = {tag["name"]: [] for tag in tags}
    for operation in operations:
        by_tag.setdefault(operation.body["tags"][0], []).append(operation)
    parts = [f"# {title}", f"> {_paragraph(first)}", rest.strip()]
    for tag, listed in by_tag.items():
        links = [
            f"- [{item.body['operationId']}]({root}/docs/operations/{item.body['operationId']}.md): "
            f"{item.body['summary']}, `{item.method.upper()} {item.path}`"
            for item in listed
        ]
        parts += [f"## Operations: {tag}", "\n".join(links)] if links else []
    parts += ["## The document", f"- [openapi.json]({root}/openapi.json): OpenAPI 3.0, all operations and schemas"]
    return "\n\n".join(parts) + "\n"


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
