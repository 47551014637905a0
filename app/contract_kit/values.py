"""What a request that should succeed has in it: values of path parameters, a body, headers.

A path parameter names something that the run has made, by the operation of the document that makes such things; see
`makers`. What nothing makes is looked up in a list. Whose account a path names is known from `x-owner`.

A value that only an example names may be unknown to the deployment. It is tried once, by an admin: if it is refused,
its operation cannot be tried, and that is no failure.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from app.contract_kit.charter_operations import SPECIAL
from app.contract_kit.document import Operation
from app.contract_kit.exchange import Request, Response
from app.contract_kit.ledger import Entry
from app.contract_kit.makers import item_of, lister, made_value, maker, names_account
from app.contract_kit.people import People
from app.contract_kit.person import Person
from app.contract_kit.prepared import Prepared
from app.contract_kit.request_bodies import RequestBodies
from app.contract_kit.sender import CannotTryError

_NOBODY = "019c13ec-9e00-7000-8000-00000000dead"
# With these a server may say that there is nothing with an id of an example.
_NAMES_NOTHING = (400, 404, 409, 422)


class Values:
    """Finds values for the requests of a run.

    Args:
        people: of the run.
    """

    def __init__(self, people: People) -> None:
        self._kit, self._people = people.sender, people
        self._made: dict[tuple[str, str], str] = {}
        self._owners = {operation.owner for operation in people.sender.document if operation.owner} | {"user_id"}
        self._bodies = RequestBodies(people, self._owners, self._value)
        # By operation: why its examples cannot be sent here; empty: they can.
        self._unusable: dict[str, str] = {}

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
            told = " and ".join(f"{{{name}}} has only the example {value}" for name, value in prepared.guessed.items())
            raise CannotTryError(f"it changes something that this run has not made{f': {told}' if told else ''}")
        if prepared.guessed and not special:
            self._try_examples(prepared)
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
        if response.status != 201:
            return
        kit = self._kit
        made = response.made(kit.document.items())
        if made is not None and operation.name == "create_user":
            id_ = made[1].rpartition("/")[2]
            self._people.note(id_, str(response.data.get("email", id_)))
            return
        remove = kit.document.at("DELETE", made[0]) if made else None
        if made is not None and remove is not None:
            kind = "role" if operation.name == "create_role" else "resource"
            kit.ledger.add(Entry(kind, made[1], Request("DELETE", made[1], operation=remove.name)))
        elif response.header("location") and not self._goes_with_account(operation, made[0] if made else ""):
            kit.ledger.add(Entry("resource", f"what {operation.name} made", None))

    def _goes_with_account(self, operation: Operation, item: str) -> bool:
        """Return whether what an operation makes belongs to an account, with which it is removed."""
        return operation.owner is not None or any(one.owned for one in self._kit.document if one.path == item)

    def create(self, operation: Operation, by: Person, *, holder: Person, item: str = "") -> tuple[Response, str]:
        """Create something; return the response, and the value that names it.

        Args:
            item: the path that ends with the parameter that the value is for; empty: none is wanted.

        Raises:
            CannotTryError: it is refused, or the response does not say what was made.
        """
        response = self.send(self.prepare(operation, by, holder=holder))
        if response.status != 201:
            raise CannotTryError(f"nothing can be made to try it on: {operation.name} is {reason(response)}")
        if not item:
            return response, ""
        made = response.made([item])
        value = unquote(made[1].rpartition("/")[2]) if made else made_value(operation, item, response)
        if value is None:
            raise CannotTryError(f"neither Location nor a link of {operation.name} says what it made")
        return response, value

    def _value(self, operation: Operation, name: str, prepared: Prepared, *, fresh: bool) -> str:
        kit, holder = self._kit, prepared.holder
        if name in self._owners:
            return holder.id
        parameter = operation.parameter(name, "path") or {}
        if names_account(kit.document, parameter, parameter.get("schema", {})):
            return holder.id
        item = item_of(operation.path, name)
        key = (item, holder.id)
        if key in self._made and not fresh:
            return self._made[key]
        if makes := maker(kit.document, item):
            by_resource = operation.owned and operation.owner is None
            value = self._create_for(makes, item, holder, by_resource=by_resource)
        else:
            prepared.shared = True
            lists = lister(kit.document, item)
            value = self._listed(lists, name, holder) if lists else self._example(operation, name, prepared)
        if not fresh:
            self._made[key] = value
        return value

    def _create_for(self, creator: Operation, item: str, holder: Person, *, by_resource: bool) -> str:
        makers = [holder, self._people.admin]
        needed = frozenset(creator.permissions)
        if by_resource and not creator.owned and not creator.public:
            # Who makes it owns it.
            with self._people.lent(holder, needed):
                return self.create(creator, holder, holder=holder, item=item)[1]
        # Its owner makes it, if they may.
        if not creator.owned and not self._people.held.get(holder.role, frozenset()) >= needed:
            makers.reverse()
        refusals = []
        for by in makers:
            try:
                return self.create(creator, by, holder=holder, item=item)[1]
            except CannotTryError as error:
                refusals.append(error)
        # Why the one cannot who may says more than that the other may not.
        raise refusals[0]

    def another(self, operation: Operation, values: Mapping[str, Any]) -> str:
        """Return another value of the last path parameter than the one given, from the list of such things.

        Raises:
            CannotTryError: the list has no other.
        """
        name = operation.path_parameters[-1]
        listing = lister(self._kit.document, item_of(operation.path, name))
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
        told = "lists nothing" if response.ok else f"is {response.told()}"
        raise CannotTryError(f"nothing in the document makes what {{{name}}} names, and {listing.name} {told}")

    def _example(self, operation: Operation, name: str, prepared: Prepared) -> str:
        parameter = operation.parameter(name, "path") or {}
        schema = self._kit.document.resolve(parameter.get("schema", {}))
        if "enum" in schema:
            return str(schema["enum"][0])
        example = parameter.get("example", schema.get("example"))
        if example is None:
            raise CannotTryError(f"nothing in the document makes or lists what {{{name}}} names, and it has no example")
        prepared.guessed[name] = str(example)
        return str(example)

    def _try_examples(self, prepared: Prepared) -> None:
        """Try whether the server knows what only an example names.

        Raises:
            CannotTryError: it does not.
        """
        name = prepared.operation.name
        if name not in self._unusable:
            caller = None if prepared.operation.public else self._people.worker()
            response = self.send(replace(prepared, caller=caller))
            fields = {error.get("field") for error in response.errors}
            wrong = [field for field in prepared.guessed if field in fields] or list(prepared.guessed)
            refused = response.status in _NAMES_NOTHING and (set(wrong) & fields or fields <= {None})
            values = " and ".join(f"{field} is {prepared.guessed[field]}" for field in wrong)
            told = f"{values}, which is only an example, and {name} is {reason(response)}"
            nothing = "nothing in the document makes or lists what it names, nor says that it is the id of an account"
            self._unusable[name] = f"{told}; {nothing}" if refused else ""
        if self._unusable[name]:
            raise CannotTryError(self._unusable[name])

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
            prepared.body = self._bodies.body(operation, prepared)

    def _example_of(self, parameter: Mapping[str, Any]) -> Any:
        schema = self._kit.document.resolve(parameter.get("schema", {}))
        for place in (parameter, schema):
            if "example" in place:
                return place["example"]
        if "enum" in schema:
            return schema["enum"][0]
        raise CannotTryError(f"the query parameter {parameter['name']} has no example")

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

    def creates(self, operation: Operation) -> bool:
        """Return whether an operation creates something."""
        return self._bodies.creates(operation)

    def renewed(self, operation: Operation, name: str, schema: Any, value: Any, prepared: Prepared) -> Any:
        """Return the value of a property, made new where it must be."""
        return self._bodies.renewed_part(operation, name, schema, value, prepared)

    def variant(self, schema: Any, value: str) -> str:
        """Return another text that the schema allows too."""
        return self._bodies.variant(schema, value)


def reason(response: Response) -> str:
    """Return a refusal with what it says, for people."""
    told = [": ".join(filter(None, (error.get("field"), error.get("message")))) for error in response.errors]
    return f"{response.told()} ({'; '.join(told)})" if told else response.told()
