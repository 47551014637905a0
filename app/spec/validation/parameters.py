"""Path, query and header parameters of an operation: coerced by their schemas and validated, all violations at once."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.errors import ValidationError, Violation
from app.spec.document import resolve
from app.spec.validation.coercion import SCALARS, RejectedError, taker, text_of, type_of
from app.spec.validation.violations import MAX

# Header parameters of these names mean nothing: OpenAPI describes them elsewhere (OpenAPI 3.0.3, 4.7.12.1).
_DESCRIBED_ELSEWHERE = frozenset({"accept", "authorization", "content-type"})
_DEMANDED_LATER = frozenset({"if-match", "idempotency-key"})
_LONGEST_NAME = 200


class UnreadableParameterError(ValueError):
    """A parameter declared in a way that is not read; found at start."""


@dataclass(frozen=True, slots=True)
class _Parameter:
    """One parameter, compiled.

    Attributes:
        name: as in the document; the field of its violations.
        argument: name of the handler's argument.
        form: one text; a list by repeating the parameter; a list in one text with commas.
        take: text or texts to a valid value, or raises RejectedError.
    """

    name: str
    argument: str
    required: bool
    default: Any
    form: Literal["one", "repeated", "commas"]
    take: Callable[[Any], Any]


class ParameterReader:
    """Reads the parameters of one operation.

    Attributes:
        names: names of the arguments it gives.
        from_headers: those that come from headers.
    """

    def __init__(self, path: list[_Parameter], query: list[_Parameter], header: list[_Parameter]) -> None:
        self.names = frozenset(parameter.argument for parameter in (*path, *query, *header))
        self.from_headers = frozenset(parameter.argument for parameter in header)
        self._path = tuple((parameter.name, parameter) for parameter in path)
        self._query = {parameter.name: parameter for parameter in query}
        self._plain_names = {parameter.name.encode(): parameter.name for parameter in query}
        self._header = tuple((parameter.name.lower(), parameter) for parameter in header)

    def read(self, path_values: Mapping[str, str], query_string: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
        """Return every argument by name; one that is absent has its default, else None.

        Args:
            path_values: decoded segments by parameter name.
            query_string: as it came, without `?`.
            headers: by lower-case name.

        Raises:
            ValidationError: with every violation, at most fifty.
        """
        found: dict[str, Any] = {}
        faults: list[Violation] = []
        for name, parameter in self._path:
            _take(parameter, path_values[name], found, faults)
        if query_string:
            self._read_query(query_string, found, faults)
        for parameter in self._query.values():
            if parameter.argument not in found:
                _take_absent(parameter, found, faults)
        for name, parameter in self._header:
            if name in headers:
                _take(parameter, headers[name], found, faults)
            else:
                _take_absent(parameter, found, faults)
        if faults:
            raise ValidationError(details=faults[:MAX])
        return found

    def _read_query(self, query_string: bytes, found: dict[str, Any], faults: list[Violation]) -> None:
        given: dict[str, list[bytes]] = {}
        for pair in query_string.split(b"&"):
            raw_name, equals, raw_value = pair.partition(b"=")
            try:
                name = self._plain_names.get(raw_name) or text_of(raw_name, None)
            except RejectedError as error:
                faults += (Violation(f"A parameter's name: {fault.message}") for fault in error.violations)
                continue
            if name:
                given.setdefault(name, []).append(raw_value)
            elif equals:
                faults.append(Violation("A parameter has a value and no name."))
        for name, raw_values in given.items():
            parameter = self._query.get(name)
            if parameter is None:
                faults.append(Violation("Is not known here.", name[:_LONGEST_NAME]))
                continue
            try:
                texts = _texts(parameter, raw_values)
            except RejectedError as error:
                faults += error.violations
                found[parameter.argument] = None
                continue
            _take(parameter, texts, found, faults)


def compile_parameters(
    bundle: Mapping[str, Any], operation: Mapping[str, Any], path_item: Mapping[str, Any]
) -> ParameterReader:
    """Return what reads the parameters of an operation: its own, and those of its path that it does not replace.

    `If-Match` and `Idempotency-Key` are never demanded here: whether they must be there is x-precondition's and
    x-idempotency's to say, once the caller is known.

    Raises:
        UnreadableParameterError: for one that is not in path, query or header, holds an object, or would share its
            argument with another.
    """
    declared: dict[tuple[str, str], Mapping[str, Any]] = {}
    for reference in (*path_item.get("parameters", ()), *operation.get("parameters", ())):
        parameter = resolve(bundle, reference)
        declared[parameter["in"], parameter["name"]] = parameter
    compiled: dict[str, list[_Parameter]] = {"path": [], "query": [], "header": []}
    for (place, name), parameter in declared.items():
        if place not in compiled:
            raise UnreadableParameterError(f"The parameter {name} is in {place}, which is not read.")
        if place != "header" or name.lower() not in _DESCRIBED_ELSEWHERE:
            compiled[place].append(_compile(bundle, place, parameter))
    _refuse_shared_arguments(parameter for group in compiled.values() for parameter in group)
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
        required=bool(parameter.get("required")) and name.lower() not in _DEMANDED_LATER,
        default=plain.get("default"),
        form="one" if kind != "array" else "repeated" if repeated else "commas",
        take=taker(bundle, schema, name),
    )


def argument_name(name: str) -> str:
    """Return the name of the handler's argument for a parameter: `If-Match` gives `if_match`, `userId` `user_id`."""
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()).strip("_")


def _refuse_shared_arguments(parameters: Iterable[_Parameter]) -> None:
    taken: set[str] = set()
    for parameter in parameters:
        if parameter.argument in taken:
            raise UnreadableParameterError(f"Two parameters would become the argument {parameter.argument}.")
        taken.add(parameter.argument)


def _texts(parameter: _Parameter, raw_values: list[bytes]) -> str | list[str]:
    """Return the text or texts of a query parameter; commas that were escaped do not separate."""
    name = parameter.name
    if parameter.form == "repeated":
        return [text_of(raw, f"{name}.{index}") for index, raw in enumerate(raw_values)]
    if len(raw_values) > 1:
        raise RejectedError(Violation("Is given more than once.", name))
    if parameter.form == "commas":
        items = raw_values[0].split(b",") if raw_values[0] else []
        return [text_of(raw, f"{name}.{index}") for index, raw in enumerate(items)]
    return text_of(raw_values[0], name)


def _take(parameter: _Parameter, text: str | list[str], found: dict[str, Any], faults: list[Violation]) -> None:
    if parameter.form != "one" and isinstance(text, str):
        text = [item.strip() for item in text.split(",")] if text else []
    try:
        found[parameter.argument] = parameter.take(text)
    except RejectedError as error:
        found[parameter.argument] = None
        faults += error.violations


def _take_absent(parameter: _Parameter, found: dict[str, Any], faults: list[Violation]) -> None:
    found[parameter.argument] = parameter.default
    if parameter.required:
        faults.append(Violation("Is required.", parameter.name))
