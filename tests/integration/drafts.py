"""Requests made from the document, good and bad: each operation's own example, changed in one to three ways.

The same seed gives the same drafts. What differs from one database to the next stands in them as {name} for the id of
a person, {refresh:name} for their refresh token, {parameter:name} for the value of a path parameter that belongs to
them, and the name of a caller for the access token.
"""

import json
import random
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from app.spec.document import resolve
from app.spec.operation import Operation, operations
from tests.standins import stand_in

OTHERS = tuple(f"user{number}" for number in range(8))
# Ada stays in charge: what would end their session or their role is not asked of them.
_ENDING = frozenset({"logout", "delete_user", "suspend_user", "set_user_role", "change_password", "revoke_session"})
ROLES = tuple(f"role{number}" for number in range(6))
_TEXTS = (
    b"", b"{", b"null", b"[]", b"1", b'"text"', b"{}{}", b"\xff\xfe", b"\xef\xbb\xbf{}", b'{"a": NaN}', b'{"a": 1e999}',
    b'{"a": 1, "a": 2}', b'{"a": "\\ud800"}', b'{"a": "\\u0000"}', b"[" * 500 + b"]" * 500,
    b'{"a": ' + b"9" * 30 + b"}",
)  # fmt: skip
_VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 2**62, 1.5, "", "x", "x" * 1200, " ", "\u202e", "a@b", "https://x", [], ["x"], {}, {"a": {}},
)  # fmt: skip
_QUERY = (
    "", "0", "1", "-1", "101", "10000", "10001", "1e1", "+1", "%2B1", "a", "A", "%00", "%ff", "%zz", "user", "active",
)  # fmt: skip
_IDS = ("1", "me", "ME", "null", "%00", "%ff", "%0a", "a%2fb", "..", "%2e%2e", "x;y", "{user_id}", "x" * 300)
_TYPES = (
    "", "text/plain", "application/xml", "application/json; charset=latin-1", "multipart/form-data; boundary=x",
    "application/merge-patch+json", "application/json; charset",
)  # fmt: skip
_TAGS = ('"1"', '"1"', '"2"', '"99"', "*", 'W/"1"', '"1-gzip"', '"1", "2"', '"abc"', "garbage", "", '"1')


@dataclass
class Draft:
    """A request before its names are filled in.

    Attributes:
        token: name of the caller, `garbled`, `forged`, `expired` or `ended`; None: nobody.
        body: JSON-ready, or bytes as they are, or None.
        kind: Content-Type; None: none is sent.
        changes: what was done to the operation's example.
    """

    operation: str
    method: str
    path: str
    token: str | None
    body: Any = None
    kind: str | None = None
    chunked: bool = False
    query: list[str] = field(default_factory=list)
    headers: list[tuple[str, str]] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)

    @property
    def raw_body(self) -> bytes:
        """The bytes of the body, names not yet filled in."""
        if self.body is None or isinstance(self.body, bytes):
            return self.body or b""
        return json.dumps(self.body).encode()


Change = Callable[[Draft, Operation, random.Random], None]


def drafts(document: Any, *, seed: int, each: int) -> list[Draft]:
    """Return `each` drafts for every operation of the document, its plain example among them, in an order of chance."""
    made: list[Draft] = []
    for operation in operations(document):
        # Each has a chance of its own, so that another operation changes nothing in the drafts of this one.
        chance = random.Random(f"{seed} {operation.body['operationId']}")
        made += _of(operation, chance, each)
    random.Random(seed).shuffle(made)
    for number, draft in enumerate(made):
        if isinstance(draft.body, dict) and draft.operation in ("register", "create_user") and "email" in draft.body:
            draft.body["email"] = f"new{number}@example.com" if number % 4 else draft.body["email"]
        if isinstance(draft.body, dict) and draft.operation == "create_role" and "name" in draft.body:
            draft.body["name"] = f"new{number}" if number % 4 else draft.body["name"]
    return made


def _of(operation: Operation, chance: random.Random, each: int) -> Iterator[Draft]:
    suited = [change for change, needs in CHANGES if needs(operation)]
    for number in range(each):
        draft = _example(operation, chance)
        for change in chance.sample(suited, min(number, chance.choice((0, 1, 1, 1, 2, 2, 3)))):
            change(draft, operation, chance)
            draft.changes.append(change.__name__.strip("_"))
        yield draft


def _example(operation: Operation, chance: random.Random) -> Draft:
    name = operation.body["operationId"]
    whom = chance.choice(OTHERS if name in _ENDING else (*OTHERS, "alice", "ada"))
    caller = chance.choice(OTHERS) if name in ("logout", "change_password") else "ada"
    # Several roles, so that the others are left when one is deleted.
    values = {name: f"{{{name}:{whom}}}" for name in operation.path_parameters if stand_in(name)}
    values["role_name"] = chance.choice((*ROLES, "user"))
    draft = Draft(
        operation=name,
        method=operation.method.upper(),
        path=operation.path.format_map(values),
        token=None if "x-public" in operation.body else caller,
    )
    if "requestBody" in operation.body:
        content = operation.resolved(operation.body["requestBody"])["content"]["application/json"]
        examples = [operation.resolved(example)["value"] for example in content["examples"].values()]
        draft.body, draft.kind = deepcopy(chance.choice(examples)), "application/json"
        if name == "refresh":
            draft.body = {"refresh_token": f"{{refresh:{chance.choice(OTHERS)}}}"}
    if name == "replace_profile":
        draft.headers.append(("If-Match", chance.choice(('"1"', "*"))))
    return draft


def _token(draft: Draft, _: Operation, chance: random.Random) -> None:
    draft.token = chance.choice((None, "garbled", "forged", "expired", "ended", "alice", "gus", *OTHERS[:3]))


def _two_tokens(draft: Draft, _: Operation, __: random.Random) -> None:
    draft.headers.append(("Authorization", "Bearer a.b.c"))


def _value(draft: Draft, _: Operation, chance: random.Random) -> None:
    if isinstance(draft.body, dict) and draft.body:
        draft.body[chance.choice(sorted(draft.body))] = chance.choice(_VALUES)


def _known_property(draft: Draft, operation: Operation, chance: random.Random) -> None:
    schema = operation.resolved(operation.body["requestBody"])["content"]["application/json"]["schema"]
    properties: Mapping[str, Any] = resolve(operation.document.bundle, schema)["properties"]
    if isinstance(draft.body, dict):
        draft.body[chance.choice(sorted(properties))] = chance.choice(_VALUES)


def _dropped_property(draft: Draft, _: Operation, chance: random.Random) -> None:
    if isinstance(draft.body, dict) and draft.body:
        del draft.body[chance.choice(sorted(draft.body))]


def _unknown_property(draft: Draft, _: Operation, chance: random.Random) -> None:
    if isinstance(draft.body, dict):
        draft.body |= {chance.choice(("extra", "id", "role", "Email", "__proto__", "")): chance.choice(_VALUES)}


def _text(draft: Draft, _: Operation, chance: random.Random) -> None:
    draft.body = chance.choice((*_TEXTS, b" " * 65_537))


def _media_type(draft: Draft, _: Operation, chance: random.Random) -> None:
    draft.kind = chance.choice((*_TYPES, None, "Application/JSON", 'application/json;charset="UTF-8"'))


def _chunks(draft: Draft, _: Operation, __: random.Random) -> None:
    draft.chunked = True


def _unasked_body(draft: Draft, _: Operation, chance: random.Random) -> None:
    draft.body, draft.kind = chance.choice(_TEXTS), chance.choice(("application/json", *_TYPES))


def _coding(draft: Draft, _: Operation, chance: random.Random) -> None:
    draft.headers.append(("Content-Encoding", chance.choice(("gzip", "identity", "br"))))


def _query(draft: Draft, operation: Operation, chance: random.Random) -> None:
    for parameter in chance.sample([p for p in operation.parameters if p["in"] == "query"], 2):
        values = [str(value) for value in operation.resolved(parameter["schema"]).get("enum", ())]
        draft.query.append(f"{parameter['name']}={chance.choice((*_QUERY, *values))}")


def _unknown_query(draft: Draft, _: Operation, chance: random.Random) -> None:
    draft.query.append(chance.choice(("unknown=1", "access_token=x", "=", "&", "limit[]=1", "%ff=1", "Q=1", "a;b")))


def _id(draft: Draft, _: Operation, chance: random.Random) -> None:
    nobody = "019c13ec-9e00-7a1b-8c2d-3e4f5a6b7c8d"
    head, whom, tail = _split(draft.path)
    if whom:
        draft.path = head + chance.choice((*_IDS, nobody, nobody.upper(), *(f"{{{name}}}" for name in OTHERS))) + tail


def _split(path: str) -> tuple[str, str, str]:
    head, brace, rest = path.partition("{")
    whom, _, tail = rest.partition("}")
    return head, brace and whom, tail


def _spelling(draft: Draft, _: Operation, chance: random.Random) -> None:
    path = draft.path
    spellings = (f"{path}/", f"/{path}", path.replace("/", "//", 2), path.replace("v1", "V1"), path.replace("u", "%75"))
    draft.path = chance.choice(
        (*spellings, path.replace("/", "%2f", 2).replace("%2f", "/", 1), "/x/.." + path, path + ";x")
    )


def _method(draft: Draft, _: Operation, chance: random.Random) -> None:
    draft.method = chance.choice(("HEAD", "OPTIONS", "GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"))


def _header(draft: Draft, _: Operation, chance: random.Random) -> None:
    others = (
        ("X-Request-Id", chance.choice(("mine", "not mine", "a" * 65))),
        ("Origin", chance.choice(("https://app.example.com", "null"))),
        ("Accept", "text/html"),
        ("X-HTTP-Method-Override", "DELETE"),
        ("X-Large", "a" * 20_000),
        ("X-Forwarded-For", "203.0.113.9"),
    )
    draft.headers.append(chance.choice(others))


def _if_match(draft: Draft, _: Operation, chance: random.Random) -> None:
    draft.headers.append(("If-Match", chance.choice(_TAGS)))


def _no_if_match(draft: Draft, _: Operation, __: random.Random) -> None:
    draft.headers = [header for header in draft.headers if header[0] != "If-Match"]


def _if_none_match(draft: Draft, _: Operation, chance: random.Random) -> None:
    draft.headers.append(("If-None-Match", chance.choice(_TAGS)))


def _any(_: Operation) -> bool:
    return True


def _takes_body(operation: Operation) -> bool:
    return "requestBody" in operation.body


def _secured(operation: Operation) -> bool:
    return "x-public" not in operation.body


# Each change, and which operations it suits; those that say most stand twice.
CHANGES: tuple[tuple[Change, Callable[[Operation], bool]], ...] = (
    *((_token, _secured), (_token, _secured), (_two_tokens, _secured)),
    *((change, _takes_body) for change in (_value, _value, _known_property, _dropped_property, _unknown_property)),
    *((change, _takes_body) for change in (_text, _text, _media_type, _chunks, _coding)),
    (_unasked_body, lambda operation: not _takes_body(operation)),
    *((_query, lambda operation: "x-paginated" in operation.body) for _ in range(4)),
    (_unknown_query, _any),
    *((_id, lambda operation: bool(operation.path_parameters)) for _ in range(2)),
    *((_spelling, _any), (_method, _any), (_header, _any)),
    *((_if_match, lambda operation: "x-precondition" in operation.body) for _ in range(2)),
    (_no_if_match, lambda operation: operation.body.get("x-precondition") == "required"),
    *((_if_none_match, lambda operation: operation.parameter("If-None-Match", "header") is not None) for _ in range(3)),
)
