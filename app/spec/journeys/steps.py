"""One step of a journey as Arazzo has it: what the description leaves out comes from the document."""

import copy
import json
import re
from collections.abc import Mapping
from typing import Any

from app.spec.document import Document, resolve
from app.spec.journeys.expected import Expected, WrongStep, expression_of
from app.spec.operation import Operation, operations

INPUTS = {
    "run": "A word that no run had before, of lower-case letters, digits and hyphens. It makes names unique.",
    "admin_email": "The email address of an account with the role admin.",
    "admin_password": "The password of that account.",
}
"""What a run needs to know, by name."""

_EMBEDDED = re.compile(r"\{\$([^{}]+)\}")
Json = dict[str, Any]


class StepMaker:
    """Makes the steps of one journey, in their order.

    Args:
        document: what the steps are about.
    """

    def __init__(self, document: Document) -> None:
        self._bundle = document.bundle
        self._operations = {str(operation.body.get("operationId")): operation for operation in operations(document)}
        self._made: dict[str, tuple[Json, Expected]] = {}

    def make(self, name: str, written: Mapping[str, Any]) -> Json:
        """Return a step.

        Args:
            name: of the step.
            written: what the description says of it.

        Raises:
            WrongStep: the document has no such operation, parameter, property, link, example, status or code.
        """
        key, operation_id, linked = self._chosen(name, written)
        if operation_id not in self._operations:
            raise WrongStep(key, f"There is no operation {operation_id}.", "Write the operationId of an operation.")
        operation = self._operations[operation_id]
        parameters = self._parameters(operation_id, operation, written, linked)
        body = self._body(operation_id, operation, written)
        expected = Expected(name, operation, str(written.get("expect", "")))
        seen = [self._criterion(expected, path, value) for path, value in written.get("see", {}).items()]
        step: Json = {
            "stepId": name,
            "operationId": operation_id,
            "parameters": parameters,
            **({"requestBody": body} if body else {}),
            "successCriteria": [{"condition": condition} for condition in (*expected.criteria, *seen)],
        }
        self._made[name] = step, expected
        return step

    def _chosen(self, name: str, written: Mapping[str, Any]) -> tuple[str, str, Json]:
        """Return the key that names the operation, its operationId, and the parameters that a link gives it."""
        if "follow" not in written:
            return "do", str(written.get("do", name)), {}
        source, _, link_name = written["follow"].partition(".")
        link = self._step("follow", source)[1].link(link_name)
        values = {key: self._from_link(source, value) for key, value in link.get("parameters", {}).items()}
        return "follow", str(link.get("operationId")), values

    def _from_link(self, source: str, value: Any) -> Any:
        kind, _, rest = str(value).partition(".")
        if kind == "$response":
            return self._output("follow", source, value)
        if kind != "$request":
            return value
        for sent in self._made[source][0]["parameters"]:
            if f"{sent['in']}.{sent['name']}" == rest:
                return sent["value"]
        raise WrongStep("follow", f"The link needs {rest}, which {source} does not send.", "Use `do` and `with`.")

    def _parameters(
        self, operation_id: str, operation: Operation, written: Mapping[str, Any], linked: Json
    ) -> list[Json]:
        known = {str(each["name"]): str(each["in"]) for each in operation.parameters}
        # A link may write the place of a parameter before its name.
        values = {key if key in known else key.partition(".")[2]: value for key, value in linked.items()}
        values |= {key: self._value("with", value) for key, value in written.get("with", {}).items()}
        if unknown := sorted(values.keys() - known.keys()):
            message = f"{operation_id} has no parameter {unknown[0]}."
            raise WrongStep("with", message, f"Write one of its parameters: {', '.join(known) or 'none'}.")
        if missing := [name for name in operation.path_parameters if name not in values]:
            raise WrongStep("do", f"{operation_id} needs the parameter {missing[0]}.", "Add it to `with`.")
        made = [{"name": name, "in": known[name], "value": value} for name, value in values.items()]
        if "as" in written:
            token = self._value("as", f"Bearer {{${written['as']}.access_token}}")
            made.append({"name": "Authorization", "in": "header", "value": token})
        elif operation.security and not str(written.get("expect")).startswith("401"):
            raise WrongStep("do", f"{operation_id} needs a token.", "Add `as` with the name of a step that signs in.")
        return made

    def _body(self, operation_id: str, operation: Operation, written: Mapping[str, Any]) -> Json | None:
        """Return an example of the document with what the step sends in place of parts of it; None without a body."""
        asked = [key for key in ("example", "send") if key in written]
        body = resolve(self._bundle, operation.body.get("requestBody", {}))
        if not body and asked:
            raise WrongStep(asked[0], f"{operation_id} takes no body.", "Remove the key.")
        if not body or not (asked or body.get("required")):
            return None
        media_type, content = next(iter(body["content"].items()))
        examples = content.get("examples", {})
        name = written.get("example", next(iter(examples), None))
        if name not in examples:
            fix = f"Write the name of one of its request examples: {', '.join(examples) or 'none'}."
            raise WrongStep("example", f"{operation_id} has no request example {name}.", fix)
        payload = copy.deepcopy(resolve(self._bundle, examples[name])["value"])
        properties = resolve(self._bundle, content["schema"]).get("properties", {})
        for key, value in written.get("send", {}).items():
            if key not in properties:
                fix = f"Write one of its properties: {', '.join(properties) or 'none'}."
                raise WrongStep("send", f"The body of {operation_id} has no property {key}.", fix)
            payload[key] = self._value("send", value)
        return {"contentType": media_type, "payload": payload}

    def _criterion(self, expected: Expected, path: str, value: Any) -> str:
        expression = expected.checked("see", expression_of(path))
        if isinstance(value, str) and not value.startswith("$"):
            if "{$" in value or "'" in value:
                raise WrongStep(
                    "see", f"{path} cannot be compared with {value}.", "Write plain text, or one reference."
                )
            return f"{expression} == '{value}'"
        right = self._value("see", value)
        return f"{expression} == {right if isinstance(right, str) else json.dumps(right)}"

    def _step(self, key: str, name: str) -> tuple[Json, Expected]:
        if name not in self._made:
            raise WrongStep(key, f"There is no step {name} before this one.", "Write the name of an earlier step.")
        return self._made[name]

    def _value(self, key: str, value: Any) -> Any:
        """Return a value with its references as Arazzo writes them."""
        if isinstance(value, dict):
            return {name: self._value(key, part) for name, part in value.items()}
        if isinstance(value, list):
            return [self._value(key, part) for part in value]
        if isinstance(value, str) and value.startswith("$"):
            return self._reference(key, value[1:])
        if isinstance(value, str):
            return _EMBEDDED.sub(lambda found: f"{{{self._reference(key, found[1])}}}", value)
        return value

    def _reference(self, key: str, text: str) -> str:
        if text in INPUTS:
            return f"$inputs.{text}"
        source, _, path = text.partition(".")
        return self._output(key, source, expression_of(path))

    def _output(self, key: str, source: str, expression: str) -> str:
        """Have a step keep a part of its response; return the expression that reads it."""
        step, expected = self._step(key, source)
        name = re.sub(r"\W+", "_", expected.checked(key, expression).partition(".")[2])
        step.setdefault("outputs", {})[name] = expression
        return f"$steps.{source}.outputs.{name}"
