"""The documents that the two viewers show: the bundle, with what the compiled operations know in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.config import Config
from app.pages.reference.guides import introduction
from app.pages.reference.policy_words import Rule, policy_rules
from app.pages.reference.samples import ADDRESS, code_samples
from app.spec.document import Document, resolve
from app.spec.operation import Operation, operations
from app.spec.policy import Policy

Json = dict[str, Any]
_EXAMPLES = ("example", "examples")


@dataclass(frozen=True, slots=True)
class DescribedOperation:
    """An operation with its policy in words and its samples.

    Attributes:
        samples: as `x-codeSamples` has them.
    """

    operation: Operation
    rules: tuple[Rule, ...]
    samples: tuple[dict[str, str], ...]


def describe(document: Document, policies: Mapping[str, Policy], config: Config) -> Iterator[DescribedOperation]:
    """Yield the operations in the order of the document."""
    address = config.public_url or ADDRESS
    for operation in operations(document):
        rules = policy_rules(policies[operation.body["operationId"]], config)
        yield DescribedOperation(operation, tuple(rules), tuple(code_samples(operation, address)))


def reading_document(bundle: Json, described: list[DescribedOperation], config: Config) -> Json:
    """Return the document for the reference: each operation with badges, its policy in words, and samples."""
    text = introduction(bundle["info"].get("description", ""), config)
    paths: Json = {path: dict(item) for path, item in bundle["paths"].items()}
    for item in described:
        paths[item.operation.path][item.operation.method] = _for_reading(item)
    return {
        **bundle,
        "info": {**bundle["info"], "description": text},
        "servers": [{"url": config.public_url or ADDRESS}],
        "tags": [{**tag, "x-displayName": tag["name"].capitalize()} for tag in bundle.get("tags", [])],
        "paths": paths,
    }


def _for_reading(item: DescribedOperation) -> Json:
    body = item.operation.body
    rules = "\n".join(f"| {rule.matter} | {rule.text} |" for rule in item.rules)
    name = f"{body['tags'][0]}/{body['operationId']}"
    parts = [
        body.get("description", ""),
        f"| | |\n|---|---|\n{rules}",
        f"[Try it](./docs/try#/{name}) · [As Markdown](./docs/operations/{body['operationId']}.md)",
    ]
    return {
        **{key: value for key, value in body.items() if not key.startswith("x-")},
        "description": "\n\n".join(part for part in parts if part),
        "x-badges": [{"name": rule.badge} for rule in item.rules if rule.badge],
        "x-codeSamples": list(item.samples),
    }


def trying_document(bundle: Json) -> Json:
    """Return the document for trying, whose parameters have no examples.

    A form would send the example of an `If-Match` or an `Idempotency-Key`, or of a filter, unless people remove it.
    """
    paths = {path: _without_examples(bundle, item) for path, item in bundle["paths"].items()}
    for item in paths.values():
        for method, operation in item.items():
            if isinstance(operation, dict) and "responses" in operation:
                item[method] = _without_examples(bundle, operation)
    introduction = "Sign in above to send requests with your rights. Every request is carried out."
    return {**bundle, "info": {**bundle["info"], "description": introduction}, "paths": paths}


def _without_examples(bundle: Json, holder: Json) -> Json:
    """Return a path item or an operation with parameters in place, without examples."""
    if "parameters" not in holder:
        return dict(holder)
    bare = []
    for reference in holder["parameters"]:
        parameter = {key: value for key, value in resolve(bundle, reference).items() if key not in _EXAMPLES}
        schema = resolve(bundle, parameter.get("schema", {}))
        parameter["schema"] = {key: value for key, value in schema.items() if key not in _EXAMPLES}
        bare.append(parameter)
    return {**holder, "parameters": bare}
