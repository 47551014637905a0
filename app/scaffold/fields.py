"""The fields of a resource: how each type is written in the document, the model, the table and the tests."""

import re
from dataclasses import dataclass, replace
from typing import Any

from app.scaffold.names import WrongName, check_name, words

_DEFINITION = re.compile(r"(?P<name>[^:]*):(?P<type>[^?]*)(?P<optional>\?)?")
_TEXT = re.compile(r"text(?:\((\d{1,5})\))?")
_ENUM = re.compile(r"enum\(([^()]*)\)")
_WORD = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
TYPES = "text, text(LENGTH), int, bool, date, datetime, uuid, decimal, enum(a|b), ref:users; ? behind it: may be null"


class WrongField(ValueError):
    """Fields that cannot be used; the message has a line for each."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a resource.

    Attributes:
        name: of the property in the document; of the column, too.
        kind: text, int, number, bool, date, datetime, uuid, decimal, enum, ref or json.
        optional: whether it may be null.
        options: the values of an enum.
        length: the longest text.
    """

    name: str
    kind: str
    optional: bool = False
    options: tuple[str, ...] = ()
    length: int = 200

    @property
    def attribute(self) -> str:
        """The name of the attribute of the model."""
        return self.name.removesuffix("_id") if self.kind == "ref" else self.name

    @property
    def required(self) -> bool:
        """Whether a new row needs a value in the request."""
        return not self.optional and self.kind != "bool"

    @property
    def example(self) -> Any:
        """The value in examples and tests."""
        return self._values()[0]

    @property
    def other(self) -> Any:
        """Another value."""
        return self._values()[1]

    def _values(self) -> tuple[Any, Any]:
        if self.kind == "text":
            texts = {"name": ("Analytical Engine", "Difference Engine"), "title": ("First draft", "Second draft")}
            first, second = texts.get(self.name, (f"Some {words(self.name)}", f"Other {words(self.name)}"))
            return first[: self.length], second[: self.length]
        if self.kind == "enum":
            return self.options[0], self.options[-1]
        return {
            "int": (1, 2),
            "number": (1.5, 2.5),
            "bool": (False, True),
            "date": ("2026-01-31", "2026-02-28"),
            "datetime": ("2026-01-31T12:00:00.000Z", "2026-02-28T12:00:00.000Z"),
            "uuid": ("019c13ec-9e00-7b4d-8e6f-1a2b3c4d5e6f", "019c13ec-9e00-7b4d-8e6f-2a2b3c4d5e6f"),
            "decimal": ("1.5000", "2.5000"),
            "ref": ("019c13ec-9e00-7a1b-8c2d-3e4f5a6b7c8d",) * 2,
            "json": ({}, {}),
        }[self.kind]

    @property
    def schema(self) -> dict[str, Any]:
        """The schema of its values in the document."""
        schemas: dict[str, dict[str, Any]] = {
            "text": {"type": "string", "minLength": 1, "maxLength": self.length},
            "int": {"type": "integer", "format": "int32", "minimum": -(2**31), "maximum": 2**31 - 1},
            "bool": {"type": "boolean"},
            "date": {"type": "string", "format": "date", "maxLength": 10},
            "datetime": {"type": "string", "format": "date-time", "maxLength": 32},
            "uuid": {"type": "string", "format": "uuid", "maxLength": 36},
            "decimal": {"type": "string", "pattern": r"^-?[0-9]{1,12}(\.[0-9]{1,4})?$", "maxLength": 18},
            "enum": {"type": "string", "enum": [*self.options, *([None] if self.optional else [])]},
            "ref": {"type": "string", "format": "uuid", "maxLength": 36},
        }
        more = {"nullable": True} if self.optional else {}
        return {"description": self.description, **schemas[self.kind], **more, "example": self.example}

    @property
    def description(self) -> str:
        """A sentence about it, for an author to improve."""
        what = words(self.name.removesuffix("_id") if self.kind == "ref" else self.name)
        sentence = {
            "bool": f"Whether it is {what}.",
            "ref": f"Id of the account that is its {what}.",
            "decimal": f"Its {what}, with at most four decimals.",
        }.get(self.kind, f"Its {what}.")
        if not self.optional:
            return sentence
        return f"{sentence[:-1]}; null if {'that is not known' if self.kind == 'bool' else 'it has none'}."

    @property
    def column(self) -> str:
        """Its line in CREATE TABLE."""
        types = {
            "text": "text", "int": "integer", "number": "double precision", "bool": "boolean", "date": "date",
            "datetime": "timestamptz", "uuid": "uuid", "decimal": "numeric(16, 4)", "enum": "text", "ref": "uuid",
            "json": "jsonb",
        }  # fmt: skip
        parts = [self.name, types[self.kind]]
        if not self.optional:
            parts.append("NOT NULL")
        if self.kind == "bool" and not self.optional:
            parts.append("DEFAULT false")
        if self.kind == "ref":
            parts.append(f"REFERENCES users ON DELETE {self._on_delete}")
        if self.kind == "enum":
            parts.append(f"CHECK ({self._check})")
        if self.kind == "text":
            parts.append(f"CHECK (char_length({self.name}) <= {self.length})")
        return " ".join(parts)

    @property
    def _on_delete(self) -> str:
        return "SET NULL" if self.optional else "CASCADE"

    @property
    def _check(self) -> str:
        listed = ", ".join(f"'{option}'" for option in self.options)
        return f"{self.name} IN ({listed})"

    @property
    def model(self) -> str:
        """The right side of its line in the model."""
        null = ["null=True"] if self.optional else []
        if self.kind == "text":
            return _call("text", f"max_length={self.length}", *null)
        if self.kind == "enum":
            return _call("choice", *(f'"{option}"' for option in self.options), *null)
        if self.kind == "ref":
            return _call("reference", "User", f'on_delete="{self._on_delete}"', *null)
        if self.kind == "decimal":
            return _call("DecimalField", "max_digits=16", "decimal_places=4", *null)
        if self.kind == "bool" and not self.optional:
            return _call("flag")
        names = {
            "int": "IntegerField", "number": "DoubleField", "bool": "BooleanField", "date": "DateField",
            "datetime": "moment", "uuid": "UUIDField", "json": "JSONField",
        }  # fmt: skip
        return _call(names[self.kind], *null)

    def presented(self, of: str) -> str:
        """Return the expression that makes JSON of the value of a row."""
        value = f"{of}.{self.name}"
        made = {
            "date": f"{value}.isoformat()",
            "datetime": f"rfc3339({value})",
            "uuid": f"str({value})",
            "ref": f"str({value})",
            "decimal": f'f"{{{value}:f}}"',
        }.get(self.kind)
        if made is None:
            return value
        return f"{made} if {value} is not None else None" if self.optional else made


def _call(function: str, *arguments: str) -> str:
    return f"{function}({', '.join(arguments)})"


def parse_fields(text: str) -> tuple[Field, ...]:
    """Return the fields of a list such as `name:text,archived:bool?`.

    Raises:
        WrongField: with a line for each that is wrong.
    """
    fields, faults = [], []
    for definition in filter(None, (part.strip() for part in text.split(","))):
        try:
            fields.append(_field(definition))
        except (WrongField, WrongName) as error:
            faults.append(str(error))
    names = [field.name for field in fields]
    faults += [f"there are two fields {name}: keep one" for name in dict.fromkeys(names) if names.count(name) > 1]
    if not fields and not faults:
        faults.append("there is no field: write some, such as name:text,archived:bool")
    if faults:
        raise WrongField("\n".join(faults))
    return tuple(fields)


def _field(definition: str) -> Field:
    match = _DEFINITION.fullmatch(definition)
    if match is None:
        raise WrongField(f"{definition!r} is no field: write NAME:TYPE; types are {TYPES}")
    field = Field(check_name(match["name"], "the name of a field"), match["type"], bool(match["optional"]))
    if (text := _TEXT.fullmatch(field.kind)) and (not text[1] or 1 <= int(text[1]) <= 10_000):
        return replace(field, kind="text", length=int(text[1] or 200))
    if enum := _ENUM.fullmatch(field.kind):
        options = tuple(enum[1].split("|"))
        if not all(map(_WORD.fullmatch, options)) or len(set(options)) < len(options):
            raise WrongField(f"{definition!r}: write different words of small letters, such as enum(draft|public)")
        return replace(field, kind="enum", options=options)
    if field.kind == "ref:users":
        return replace(field, kind="ref", name=f"{field.name.removesuffix('_id')}_id")
    if field.kind not in ("int", "bool", "date", "datetime", "uuid", "decimal"):
        raise WrongField(f"{field.kind!r} in {definition!r} is no type: choose one of {TYPES}")
    return field
