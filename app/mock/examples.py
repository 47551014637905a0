"""The examples of an operation's responses: those of the document first, else one that is made from the schema."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from app.mock.samples import NoSampleError, Samples
from app.spec.document import resolve
from app.spec.policy import Policy

# The gateway and the steps make these themselves.
_MADE = frozenset({"x-request-id", "ratelimit", "ratelimit-policy", "link"})
GENERATED = "generated"
"""The name of the example that is made from the schema."""


class Example(NamedTuple):
    """An example of a response.

    Attributes:
        body: None where the response has no body.
        headers: examples of the headers that the response must have, by lower-case name, but for those that every
            response gets.
    """

    status: int
    name: str
    body: Any
    headers: Mapping[str, str]


class NoExampleError(Exception):
    """There is no such example; its text says which there are."""


class ResponseExamples:
    """The examples of one operation.

    Args:
        bundle: the document.
        operation: its operation object.
        policy: its policy.
        samples: makes what has no example.
    """

    def __init__(
        self, bundle: Mapping[str, Any], operation: Mapping[str, Any], policy: Policy, samples: Samples
    ) -> None:
        self._bundle, self._policy, self._samples = bundle, policy, samples
        responses = {status: resolve(bundle, response) for status, response in operation["responses"].items()}
        self._responses = {int(status): response for status, response in responses.items() if str(status).isdigit()}

    @property
    def success(self) -> int:
        """The first success that the document names."""
        return next(status for status in self._responses if 200 <= status < 300)

    def find(self, status: int | None = None, name: str | None = None) -> Example:
        """Return an example.

        Args:
            status: its status; None: a success, or whatever status has an example of this name.
            name: its name; None: the first one.

        Raises:
            NoExampleError: the operation has no such status or example.
        """
        if status is not None and status not in self._responses:
            known = ", ".join(map(str, sorted(self._responses)))
            raise NoExampleError(f"{self._policy.operation_id} documents no status {status}. It documents {known}.")
        if name == GENERATED or (name is None and status is None):
            return self._make(status or self.success, examples=name is None)
        if name is None:
            assert status is not None
            return self._make(status, examples=True)
        for found in self._named(status):
            if found.name == name:
                return found
        known = ", ".join(dict.fromkeys(example.name for example in self._named(status)))
        where = f" of the status {status}" if status else ""
        message = f"{self._policy.operation_id} has no example{where} with this name."
        raise NoExampleError(f"{message} It has {known}." if known else message)

    def _named(self, status: int | None) -> Iterator[Example]:
        successes_first = sorted(self._responses, key=lambda each: (not 200 <= each < 300, each))
        for each in successes_first if status is None else [status]:
            content = self._responses[each].get("content", {}).get("application/json", {})
            for name, example in content.get("examples", {}).items():
                yield Example(each, name, resolve(self._bundle, example)["value"], self._headers(each))
            if "example" in content:
                yield Example(each, "example", content["example"], self._headers(each))

    def _make(self, status: int, *, examples: bool) -> Example:
        """Return the first example of a status, or one that is made from the schema.

        Raises:
            NoExampleError: no valid value can be made.
        """
        if examples and (first := next(self._named(status), None)):
            return first
        content = self._responses[status].get("content")
        if not content:
            return Example(status, GENERATED, None, self._headers(status))
        body = self._sample(content["application/json"]["schema"], str(status), examples=examples)
        return Example(status, GENERATED, body, self._headers(status))

    def _sample(self, schema: Any, what: str, *, examples: bool = True) -> Any:
        name = self._policy.operation_id
        try:
            return self._samples.make(schema, f"{name} {what}", examples=examples)
        except NoSampleError:
            raise NoExampleError(f"The response {what} of {name} has no example, and none can be made.") from None

    def _headers(self, status: int) -> dict[str, str]:
        headers = {}
        for name, reference in self._responses[status].get("headers", {}).items():
            header = resolve(self._bundle, reference)
            if not header.get("required") or name.lower() in _MADE:
                continue
            value = header.get("example")
            if value is None:
                value = self._sample(header["schema"], f"{status} {name}")
            headers[name.lower()] = str(value)
        return headers
