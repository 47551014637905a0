"""Samples of code that call an operation: curl, and the Python and TypeScript packages.

The names of methods and arguments are those of the packages that `charter sdk build` makes; tests run every sample.
"""

import builtins
import json
import keyword
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlencode

from app.spec.operation import Operation

ADDRESS = "https://accounts.example.com"
"""Stands for the deployment where PUBLIC_URL is not set; the page in the browser puts its own address there."""

SIGN_IN = {"email": "you@example.com", "password": "your own passphrase"}
ETAG = '"7"'
_WIDTH = 88
_CALL_WIDTH = _WIDTH - len("const profile = await ;")
# As the Python package names arguments that would hide something else.
_TAKEN = {*dir(builtins), *keyword.kwlist, "self", "true", "false", "datetime"} - {"id"}


@dataclass(frozen=True)
class Sample:
    """What one call of an operation sends, taken from the examples of the document.

    Args:
        address: the URL of the deployment.
    """

    operation: Operation
    address: str

    @cached_property
    def path(self) -> dict[str, Any]:
        """The values of the path parameters."""
        return {name: self._example(name, "path") for name in self.operation.path_parameters}

    @cached_property
    def query(self) -> dict[str, Any]:
        """The values of the query parameters that must be sent, and the size of a page."""
        wanted = [item["name"] for item in self.operation.parameters if item["in"] == "query" and item.get("required")]
        if "x-paginated" in self.operation.body:
            wanted.append("limit")
        return {name: self._example(name, "query") for name in wanted}

    @cached_property
    def body(self) -> Any:
        """The first example of the body; None if the operation takes none, or has no example."""
        request = self.operation.resolved(self.operation.body.get("requestBody", {}))
        content = request.get("content", {}).get("application/json", {})
        for example in content.get("examples", {}).values():
            return self.operation.resolved(example).get("value")
        return content.get("example", self.operation.resolved(content.get("schema", {})).get("example"))

    @property
    def is_public(self) -> bool:
        """Whether the call sends no token."""
        return "x-public" in self.operation.body

    @property
    def must_match(self) -> bool:
        """Whether `If-Match` must be sent."""
        return self.operation.body.get("x-precondition") == "required"

    @cached_property
    def result(self) -> str:
        """What the result is called in snake_case; empty if there is none."""
        for status, reference in self.operation.body["responses"].items():
            content = self.operation.resolved(reference).get("content", {}).get("application/json")
            if str(status).startswith("2") and content:
                schema = content["schema"]
                data = self.operation.resolved(schema).get("properties", {}).get("data", schema)
                name = str(data.get("$ref", "")).rpartition("/")[2]
                return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower() or "result"
        return ""

    def _example(self, name: str, place: str) -> Any:
        parameter = self.operation.parameter(name, place) or {}
        schema = self.operation.resolved(parameter.get("schema", {}))
        return parameter.get("example", schema.get("example", schema.get("default", name)))


def code_samples(operation: Operation, address: str) -> list[dict[str, str]]:
    """Return the samples of an operation, as `x-codeSamples` has them."""
    sample = Sample(operation, address)
    return [
        {"lang": "Shell", "label": "curl", "source": curl(sample)},
        {"lang": "Python", "label": "Python", "source": python(sample)},
        {"lang": "TypeScript", "label": "TypeScript", "source": typescript(sample)},
    ]


def curl(sample: Sample) -> str:
    """Return a command of the shell."""
    operation = sample.operation
    path = operation.path.format(**{name: quote(str(value), safe="") for name, value in sample.path.items()})
    url = f"{sample.address}{path}" + (f"?{urlencode(sample.query)}" if sample.query else "")
    method = "" if operation.method == "get" else f"-X {operation.method.upper()} "
    lines = [f"curl {method}{_quoted(url)}"]
    if not sample.is_public:
        lines.append('-H "Authorization: Bearer $TOKEN"')
    if sample.must_match:
        lines.append(f"-H {_quoted(f'If-Match: {ETAG}')}")
    if operation.body.get("x-idempotency") == "required":
        lines.append('-H "Idempotency-Key: $(uuidgen)"')
    if sample.body is not None:
        lines.append("-H 'Content-Type: application/json'")
        body = json.dumps(sample.body, ensure_ascii=False)
        if len(body) > _CALL_WIDTH:
            body = json.dumps(sample.body, ensure_ascii=False, indent=2)
        lines.append(f"-d {_quoted(body)}")
    return " \\\n  ".join(lines)


def python(sample: Sample) -> str:
    """Return a program in Python."""
    body = sample.body if isinstance(sample.body, dict) else {}
    arguments = [_python(value) for value in sample.path.values()]
    arguments += [f"{_argument(name)}={_python(value)}" for name, value in (sample.query | body).items()]
    if sample.must_match:
        arguments.append(f"if_match={_python(ETAG)}")
    group, name = _words(sample.operation.body["tags"][0]), sample.operation.body["operationId"]
    lines = ["from charter_client import Charter", "", f"client = Charter({_python(sample.address)})"]
    if not sample.is_public:
        given = ", ".join(f"{key}={_python(value)}" for key, value in SIGN_IN.items())
        lines.append(f"client.auth.login({given})")
    call = _python_call(f"client.{group}.{name}", arguments)
    if "x-paginated" in sample.operation.body:
        lines += [f"page = {call}", "for item in page:", "    print(item)"]
    elif sample.result:
        lines += [f"{sample.result} = {call}", f"print({sample.result})"]
    else:
        lines.append(call)
    return "\n".join(lines)


def typescript(sample: Sample) -> str:
    """Return a program in TypeScript."""
    takes_body = "requestBody" in sample.operation.body
    takes_query = any(item["in"] == "query" for item in sample.operation.parameters)
    rest = [sample.body or None] if takes_body else []
    rest += [sample.query or None] if takes_query else []
    rest += [{"ifMatch": ETAG}] if sample.must_match else []
    while rest and rest[-1] is None:
        rest.pop()
    group, name = camel(sample.operation.body["tags"][0]), camel(sample.operation.body["operationId"])
    lines = ['import { Charter } from "charter-client";', ""]
    lines.append(f"const client = new Charter({_typescript({'baseUrl': sample.address})});")
    if not sample.is_public:
        lines.append(f"await client.auth.login({_typescript(SIGN_IN)});")
    call = f"await {_typescript_call(f'client.{group}.{name}', [*sample.path.values(), *rest])}"
    if "x-paginated" in sample.operation.body:
        lines += [f"const page = {call};", "for (const item of page.items) console.log(item);"]
    elif sample.result:
        result = camel(sample.result)
        lines += [f"const {result} = {call};", f"console.log({result});"]
    else:
        lines.append(f"{call};")
    return "\n".join(lines)


def camel(name: str) -> str:
    """Return a name as TypeScript writes it: `list_users` is `listUsers`."""
    first, *others = re.split(r"[-_]", name)
    return first + "".join(word.capitalize() for word in others)


def _python_call(function: str, arguments: list[str]) -> str:
    """Return a call, on several lines if it is long."""
    line = f"{function}({', '.join(arguments)})"
    if len(line) <= _CALL_WIDTH or not arguments:
        return line
    return "\n".join([f"{function}(", *(f"    {item}," for item in arguments), ")"])


def _typescript_call(function: str, values: list[Any]) -> str:
    line = f"{function}({', '.join(map(_typescript, values))})"
    if len(line) <= _CALL_WIDTH or not values:
        return line
    if len(values) == 1:
        return f"{function}({_typescript_object(values[0], '')})"
    return "\n".join([f"{function}(", *(f"  {_typescript_object(value, '  ')}," for value in values), ")"])


def _typescript_object(value: Any, indent: str) -> str:
    """Return a value, an object with many properties on several lines."""
    if not isinstance(value, dict) or len(_typescript(value)) <= _CALL_WIDTH - 8:
        return _typescript(value)
    lines = [f"{indent}  {_key(key)}: {_typescript(item)}," for key, item in value.items()]
    return "\n".join(["{", *lines, f"{indent}}}"])


def _words(name: str) -> str:
    return name.replace("-", "_").lower()


def _argument(name: str) -> str:
    return f"{name}_" if name in _TAKEN else name


def _quoted(text: str) -> str:
    """Return a text as one word of the shell."""
    return "'" + text.replace("'", "'\\''") + "'"


def _python(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_python(key)}: {_python(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_python, value)) + "]"
    return _text(value) if isinstance(value, str) else repr(value)


def _typescript(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(key)}: {_typescript(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_typescript, value)) + "]"
    return _text(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_]\w*", name) else _text(name)


def _text(value: str) -> str:
    """Return a text as both languages write it."""
    if '"' in value and value.isprintable() and not {"'", "\\"} & set(value):
        return f"'{value}'"
    return json.dumps(value, ensure_ascii=False)
