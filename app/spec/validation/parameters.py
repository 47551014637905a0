"""Path, query and header parameters: read and validated by their schemas, with all violations reported together."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.errors import ValidationError, Violation
from app.spec.document import resolve
from app.spec.validation.coercion import SCALARS, InvalidParameterText, compile_reader, text_of, type_of
from app.spec.validation.violations import MAX, as_sentence

# OpenAPI ignores header parameters with these names (OpenAPI 3.0.3, 4.7.12.1).
IGNORED_HEADERS = frozenset({"accept", "authorization", "content-type"})
# A later step requires these, when the caller is known.
_REQUIRED_LATER = frozenset({"if-match", "idempotency-key"})
_MAX_NAME_LENGTH = 200


class UnreadableParameterError(ValueError):
    """A parameter that is declared in a way that cannot be read; raised at start."""


@dataclass(frozen=True, slots=True)
class _Parameter:
    """One parameter, compiled.

    Attributes:
        name: the name in the document, and the field of its violations.
        argument: the name of the handler's argument.
        form: one value; a list, as a repeated parameter; a list, as one text with commas.
        read: reads the text or texts as a valid value, or raises InvalidParameterText.
    """

    name: str
    argument: str
    required: bool
    default: Any
    form: Literal["one", "repeated", "commas"]
    read: Callable[[Any], Any]


class ParameterReader:
    """Reads the parameters of one operation.

    Attributes:
        names: the names of the arguments.
        from_headers: the names of those that are headers.
        header_names: the names of these headers, in lower case.
    """

    def __init__(self, path: list[_Parameter], query: list[_Parameter], header: list[_Parameter]) -> None:
        self.names = frozenset(parameter.argument for parameter in (*path, *query, *header))
        self.from_headers = frozenset(parameter.argument for parameter in header)
        self._path = tuple((parameter.name, parameter) for parameter in path)
        self._query = {parameter.name: parameter for parameter in query}
        self._plain_names = {parameter.name.encode(): parameter.name for parameter in query}
        self.header_names = frozenset(parameter.name.lower() for parameter in header)
        self._header = tuple((parameter.name.lower(), parameter) for parameter in header)

    def read(self, path_values: Mapping[str, str], query_string: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
        """Return every argument by name; an absent parameter has its default, else None.

        Args:
            path_values: decoded path segments, by parameter name.
            query_string: the raw query string, without `?`.
            headers: the header values, by lower-case name.

        Raises:
            ValidationError: with all violations, at most fifty.
        """
        arguments: dict[str, Any] = {}
        violations: list[Violation] = []
        for name, parameter in self._path:
            _read(parameter, path_values[name], arguments, violations)
        if query_string:
            self._read_query(query_string, arguments, violations)
        for parameter in self._query.values():
            if parameter.argument not in arguments:
                _use_default(parameter, arguments, violations)
        for name, parameter in self._header:
            if name in headers:
                _read(parameter, headers[name], arguments, violations)
            else:
                _use_default(parameter, arguments, violations)
        if violations:
            raise ValidationError(details=violations[:MAX])
        return arguments

    def _read_query(self, query_string: bytes, arguments: dict[str, Any], violations: list[Violation]) -> None:
        values_by_name: dict[str, list[bytes]] = {}
        for pair in query_string.split(b"&"):
            raw_name, equals, raw_value = pair.partition(b"=")
            try:
                name = self._plain_names.get(raw_name) or text_of(raw_name, None)
            except InvalidParameterText as error:
                messages = [as_sentence("The name of a parameter", violation.message) for violation in error.violations]
                violations += map(Violation, messages)
                continue
            if name:
                values_by_name.setdefault(name, []).append(raw_value)
            elif equals:
                violations.append(Violation("A parameter has a value, but no name."))
        for name, raw_values in values_by_name.items():
            parameter = self._query.get(name)
            if parameter is None:
                violations.append(Violation("Is not a parameter of this operation.", name[:_MAX_NAME_LENGTH]))
                continue
            try:
                texts = _texts(parameter, raw_values)
            except InvalidParameterText as error:
                violations += error.violations
                arguments[parameter.argument] = None
                continue
            _read(parameter, texts, arguments, violations)


def compile_parameters(
    bundle: Mapping[str, Any], operation: Mapping[str, Any], path_item: Mapping[str, Any]
) -> ParameterReader:
    """Return the reader for the parameters of an operation: its own, and those of its path that it does not replace.

    `If-Match` and `Idempotency-Key` are never required here: x-precondition and x-idempotency decide that, when the
    caller is known.

    Raises:
        UnreadableParameterError: one is not in path, query or header, is an object, or has the argument of another.
    """
    declared: dict[tuple[str, str], Mapping[str, Any]] = {}
    for reference in (*path_item.get("parameters", ()), *operation.get("parameters", ())):
        parameter = resolve(bundle, reference)
        declared[parameter["in"], parameter["name"]] = parameter
    compiled: dict[str, list[_Parameter]] = {"path": [], "query": [], "header": []}
    for (place, name), parameter in declared.items():
        if place not in compiled:
            raise UnreadableParameterError(f"The parameter {name} is in {place}, which is not read.")
        if place != "header" or name.lower() not in IGNORED_HEADERS:
            compiled[place].append(_compile(bundle, place, parameter))
    _reject_shared_arguments(parameter for group in compiled.values() for parameter in group)
    return ParameterReader(compiled["path"], compiled["query"], compiled["header"])


def _compile(bundle: Mapping[str, Any], place: str, parameter: Mapping[str, Any]) -> _Parameter:
    name, schema = parameter["name"], parameter.get("schema")
    if schema is None:
        raise UnreadableParameterError(f"The parameter {name} has no schema.")
    plain, kind = resolve(bundle, schema), type_of(bundle, schema)
    item = type_of(bundle, plain.get("items", {})) if kind == "array" else kind
    style = parameter.get("style", "form" if place == "query" else "simple")
    if item not in SCALARS or style != ("form" if place == "query" else "simple"):
        raise UnreadableParameterError(f"The parameter {name} is neither a plain value nor a list of plain values.")
    repeated = place == "query" and parameter.get("explode", True)
    return _Parameter(
        name=name,
        argument=argument_name(name),
        required=bool(parameter.get("required")) and name.lower() not in _REQUIRED_LATER,
        default=plain.get("default"),
        form="one" if kind != "array" else "repeated" if repeated else "commas",
        read=compile_reader(bundle, schema, name),
    )


def argument_name(name: str) -> str:
    """Return the handler's argument for a parameter: `if_match` for `If-Match`, `user_id` for `userId`."""
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()).strip("_")


def _reject_shared_arguments(parameters: Iterable[_Parameter]) -> None:
    names: set[str] = set()
    for parameter in parameters:
        if parameter.argument in names:
            raise UnreadableParameterError(f"Two parameters would have the argument {parameter.argument}.")
        names.add(parameter.argument)


def _texts(parameter: _Parameter, raw_values: list[bytes]) -> str | list[str]:
    """Return the text or texts of a query parameter; escaped commas do not separate items."""
    name = parameter.name
    if parameter.form == "repeated":
        return [text_of(raw, f"{name}.{index}") for index, raw in enumerate(raw_values)]
    if len(raw_values) > 1:
        raise InvalidParameterText(Violation("Must be sent only once.", name))
    if parameter.form == "commas":
        items = raw_values[0].split(b",") if raw_values[0] else []
        return [text_of(raw, f"{name}.{index}") for index, raw in enumerate(items)]
    return text_of(raw_values[0], name)


def _read(parameter: _Parameter, text: str | list[str], arguments: dict[str, Any], violations: list[Violation]) -> None:
    if parameter.form != "one" and isinstance(text, str):
        text = [item.strip() for item in text.split(",")] if text else []
    try:
        arguments[parameter.argument] = parameter.read(text)
    except InvalidParameterText as error:
        arguments[parameter.argument] = None
        violations += error.violations


def _use_default(parameter: _Parameter, arguments: dict[str, Any], violations: list[Violation]) -> None:
    arguments[parameter.argument] = parameter.default
    if parameter.required:
        violations.append(Violation("Is required.", parameter.name))
