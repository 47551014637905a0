"""What a request that should succeed has in it: values of path parameters, a body, headers.

A path parameter names something that the run has made, by the operation of the document that creates such things:
POST on the path before the parameter, or on a longer one that ends with the same name. Its response says in `Location`
where the thing is. What nothing creates is looked up in the list of the path before the parameter. Whose account a path
names is known from `x-owner`.

A body is the first example of the document, with new addresses and names in it, so that it can be sent often.
"""

import copy
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from app.contract_kit.charter_operations import SPECIAL
from app.contract_kit.document import Operation
from app.contract_kit.exchange import Request, Response
from app.contract_kit.ledger import Entry
from app.contract_kit.people import People
from app.contract_kit.person import Person
from app.contract_kit.prepared import Prepared
from app.contract_kit.schemas import is_free
from app.contract_kit.sender import CannotTryError

_NOBODY = "019c13ec-9e00-7000-8000-00000000dead"
_PARAMETER = re.compile(r"\{[^{}]+\}")


class Values:
    """Finds values for the requests of a run.

    Args:
        people: of the run.
    """

    def __init__(self, people: People) -> None:
        self._kit, self._people = people.sender, people
        self._made: dict[tuple[str, str], str] = {}
        self._owners = {operation.owner for operation in people.sender.document if operation.owner} | {"user_id"}

    def spoils(self, operation: Operation) -> bool:
        """Return whether a success changes or removes the account that the path ends with."""
        last = operation.path_parameters[-1:]
        return bool(last) and last[0] in self._owners and not operation.safe

    def prepare(
        self, operation: Operation, caller: Person | None, *, holder: Person | None = None, fresh: bool = False
    ) -> Prepared:
        """Return a request that should succeed if the caller may send it.

        Args:
            caller: who sends it; None: nobody.
            holder: whose things it is about; None: somebody's who has no more rights than everybody.
            fresh: whether the thing that it is about is to be a new one.

        Raises:
            CannotTryError: there is no value for a part of it.
        """
        about = holder or (self._people.spare() if fresh and self.spoils(operation) else self._people.target())
        prepared = Prepared(operation, {}, about, caller)
        special = SPECIAL.get(operation.name)
        for name in operation.path_parameters:
            is_last = name == operation.path_parameters[-1]
            special_value = special.value(self._people, about, name) if special else None
            prepared.values[name] = special_value or self._value(operation, name, prepared, fresh=fresh and is_last)
        self._fill(prepared)
        if special:
            special.prepare(self._people, prepared)
        elif prepared.shared and not operation.safe:
            raise CannotTryError("it changes something that this run has not made")
        return prepared

    def request(self, prepared: Prepared) -> Request:
        """Return the request of what was prepared."""
        return self._kit.request(
            prepared.operation,
            prepared.caller,
            values=prepared.values,
            query=prepared.query,
            headers=prepared.headers,
            body=prepared.body,
        )

    def send(self, prepared: Prepared) -> Response:
        """Send what was prepared; what it creates is removed at the end."""
        response = self._kit.send(self.request(prepared), prepared.caller)
        if response.ok:
            self.note(prepared.operation, response)
            prepared.afterwards(response)
        return response

    def note(self, operation: Operation, response: Response) -> None:
        """Have what a response says was created removed at the end."""
        made = self._created(response)
        if made is None:
            return
        path, target = made
        kit = self._kit
        if operation.name == "create_user":
            id_ = target.rpartition("/")[2]
            self._people.note(id_, str(response.data.get("email", id_)))
            return
        remove = kit.document.at("DELETE", path)
        request = Request("DELETE", target, operation=remove.name) if remove else None
        kind = "role" if operation.name == "create_role" else "resource"
        kit.ledger.add(Entry(kind, target, request))

    def create(self, operation: Operation, by: Person, *, holder: Person) -> tuple[Response, str]:
        """Create something; return the response, and the value that names it.

        Raises:
            CannotTryError: it is refused.
        """
        prepared = self.prepare(operation, by, holder=holder)
        response = self.send(prepared)
        made = self._created(response)
        if made is None:
            raise CannotTryError(f"nothing can be made to try it on: {operation.name} is {response.told()}")
        return response, unquote(made[1].rpartition("/")[2])

    def _created(self, response: Response) -> tuple[str, str] | None:
        """Return the path of the item that was created, as a template, and the path itself."""
        return response.made(self._kit.document.items()) if response.status == 201 else None

    def _value(self, operation: Operation, name: str, prepared: Prepared, *, fresh: bool) -> str:
        kit, holder = self._kit, prepared.holder
        if name in self._owners:
            return holder.id
        collection = operation.path.partition(f"/{{{name}}}")[0]
        key = (collection, holder.id)
        if key in self._made and not fresh:
            return self._made[key]
        creator = kit.document.of_collection("POST", collection)
        if creator is not None:
            by_resource = operation.owned and operation.owner is None
            value = self._create_for(creator, holder, by_resource=by_resource)
        else:
            listing = kit.document.of_collection("GET", collection)
            if listing is None:
                return self._example(operation, name)
            prepared.shared = True
            value = self._listed(listing, name, holder)
        if not fresh:
            self._made[key] = value
        return value

    def _create_for(self, creator: Operation, holder: Person, *, by_resource: bool) -> str:
        makers = [holder, self._people.admin]
        needed = frozenset(creator.permissions)
        if by_resource and not creator.owned and not creator.public:
            # Who makes it owns it.
            with self._people.lent(holder, needed):
                return self.create(creator, holder, holder=holder)[1]
        # Its owner makes it, if they may.
        if not creator.owned and not self._people.held.get(holder.role, frozenset()) >= needed:
            makers.reverse()
        for maker in makers:
            try:
                return self.create(creator, maker, holder=holder)[1]
            except CannotTryError:
                if maker is makers[-1]:
                    raise
        raise AssertionError("unreachable")

    def another(self, operation: Operation, values: Mapping[str, Any]) -> str:
        """Return another value of the last path parameter than the one given, from the list of such things.

        Raises:
            CannotTryError: the list has no other.
        """
        name = operation.path_parameters[-1]
        listing = self._kit.document.of_collection("GET", operation.path.partition(f"/{{{name}}}")[0])
        if listing is None:
            raise CannotTryError(f"nothing lists what {{{name}}} may be")
        return self._listed(listing, name, self._people.target(), but=str(values[name]))

    def _listed(self, listing: Operation, name: str, holder: Person, *, but: str = "") -> str:
        kit = self._kit
        values = {other: self._value(listing, other, Prepared(listing, {}, holder, None), fresh=False)
                  for other in listing.path_parameters}  # fmt: skip
        response = kit.call(listing, None if listing.public else self._people.admin, values=values)
        rows = response.data if isinstance(response.data, list) else []
        for row in rows:
            for key in (name, "id", name.removesuffix("_id"), name.removesuffix("_name"), "name", "key"):
                if isinstance(row, Mapping) and isinstance(row.get(key), str | int) and str(row[key]) != but:
                    return str(row[key])
        raise CannotTryError(f"{listing.name} lists nothing that {{{name}}} could name")

    def _example(self, operation: Operation, name: str) -> str:
        parameter = operation.parameter(name, "path") or {}
        example = parameter.get("example", self._kit.document.resolve(parameter.get("schema", {})).get("example"))
        if example is None:
            raise CannotTryError(f"nothing says what {{{name}}} may be")
        return str(example)

    def _fill(self, prepared: Prepared) -> None:
        operation = prepared.operation
        for parameter in operation.parameters:
            if parameter["in"] == "query" and parameter.get("required"):
                prepared.query[parameter["name"]] = self._example_of(parameter)
        if operation.precondition:
            prepared.headers["If-Match"] = "*"
        if operation.idempotency == "required":
            prepared.headers["Idempotency-Key"] = self._kit.unique("key")
        if operation.request is not None:
            prepared.body = self.body(operation, prepared)

    def _example_of(self, parameter: Mapping[str, Any]) -> Any:
        schema = self._kit.document.resolve(parameter.get("schema", {}))
        for place in (parameter, schema):
            if "example" in place:
                return place["example"]
        if "enum" in schema:
            return schema["enum"][0]
        raise CannotTryError(f"the query parameter {parameter['name']} has no example")

    def body(self, operation: Operation, prepared: Prepared, *, number: int = 0) -> Any:
        """Return a body: an example of the document, with what must be new in it new."""
        media = operation.request
        if media is None:
            return None
        if not media.examples:
            raise CannotTryError("its body has no example")
        example = copy.deepcopy(media.examples[number % len(media.examples)])
        return self._renewed(operation, media.schema, example, prepared, creates=self.creates(operation))

    def creates(self, operation: Operation) -> bool:
        """Return whether an operation creates something that a path of the document names."""
        if operation.method != "POST" or 201 not in operation.successes:
            return False
        collections = (path.rpartition("/")[0] for path in self._kit.document.items())
        return any(self._kit.document.of_collection("POST", collection) is operation for collection in collections)

    def _renewed(self, operation: Operation, schema: Any, value: Any, prepared: Prepared, *, creates: bool) -> Any:
        if not isinstance(value, dict):
            return value
        properties = operation.properties(schema)
        made = {}
        for name, part in value.items():
            child = properties.get(name, {})
            made[name] = self._renewed_part(operation, name, child, part, prepared, creates=creates)
        return made

    def _renewed_part(
        self, operation: Operation, name: str, child: Any, value: Any, prepared: Prepared, *, creates: bool
    ) -> Any:
        kit, schema = self._kit, self._kit.document.resolve(child)
        if isinstance(value, dict):
            return self._renewed(operation, child, value, prepared, creates=creates)
        if schema.get("format") == "email" or (isinstance(value, str) and value.endswith("@example.com")):
            return self._people.address("new")
        if schema.get("format") == "password" or name.endswith("password"):
            return self._people.password()
        if name == "role":
            return self._people.bare_role
        if name == "permissions":
            return sorted(self._people.everybodys)[:1]
        if name in self._owners:
            return prepared.holder.id
        for other in kit.document:
            if name in other.path_parameters and other.path.endswith(f"{{{name}}}") and isinstance(value, str):
                return self._value(other, name, Prepared(other, {}, prepared.holder, None), fresh=False)
        if creates and isinstance(value, str) and is_free(schema):
            return self.variant(child, value)
        return value

    def gone(self, operation: Operation, name: str) -> str:
        """Return a value of a path parameter that has the right form, and names nothing.

        Raises:
            CannotTryError: none is known.
        """
        schema = (operation.parameter(name, "path") or {}).get("schema", {})
        for value in (_NOBODY, self._kit.unique("gone"), "no.such.thing", 2**31 - 1):
            if self._kit.request_schemas.matches(schema, value):
                return str(value)
        raise CannotTryError(f"the kit knows no value of {{{name}}} that names nothing")

    def variant(self, schema: Any, value: str) -> str:
        """Return another text that the schema allows too, with the run in its name where that is possible."""
        kit = self._kit
        name = kit.unique("contract")
        for candidate in (name, f"{value} {name}", f"{value}-{name}", name.replace("-", ""), name[-8:], name[-4:]):
            if kit.request_schemas.matches(schema, candidate):
                return candidate
        return value
