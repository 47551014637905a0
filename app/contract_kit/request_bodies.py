"""Bodies that should succeed: the examples of the document, with new addresses and names in them, to be sent often.

A property that refers to something gets a value of the run: an account where its schema says so, and a value of the
path parameter whose name it has.
"""

import copy
from collections.abc import Callable, Set
from typing import Any

from app.contract_kit.document import Operation
from app.contract_kit.makers import names_account
from app.contract_kit.people import People
from app.contract_kit.prepared import Prepared
from app.contract_kit.schemas import is_free
from app.contract_kit.sender import CannotTryError


class RequestBodies:
    """Makes bodies.

    Args:
        people: of the run.
        owners: the names of what is the id of an account.
        value: returns the value of a path parameter.
    """

    def __init__(self, people: People, owners: Set[str], value: Callable[..., str]) -> None:
        self._kit, self._people = people.sender, people
        self._owners, self._value = owners, value

    def body(self, operation: Operation, prepared: Prepared) -> Any:
        """Return an example of the document, with what must be new in it new.

        Raises:
            CannotTryError: there is none.
        """
        media = operation.request
        if media is None:
            return None
        if not media.examples:
            raise CannotTryError("its body has no example")
        return self._renewed(operation, media.schema, copy.deepcopy(media.examples[0]), prepared)

    def creates(self, operation: Operation) -> bool:
        """Return whether an operation creates something."""
        return operation.method == "POST" and 201 in operation.successes

    def _renewed(self, operation: Operation, schema: Any, value: Any, prepared: Prepared) -> Any:
        if not isinstance(value, dict):
            return value
        properties = operation.properties(schema)
        return {
            name: self.renewed_part(operation, name, properties.get(name, {}), part, prepared)
            for name, part in value.items()
        }

    def renewed_part(self, operation: Operation, name: str, child: Any, value: Any, prepared: Prepared) -> Any:
        """Return the value of a property, made new where it must be."""
        kit, schema = self._kit, self._kit.document.resolve(child)
        if isinstance(value, dict):
            return self._renewed(operation, child, value, prepared)
        if schema.get("format") == "email" or (isinstance(value, str) and value.endswith("@example.com")):
            return self._people.address("new")
        if schema.get("format") == "password" or name.endswith("password"):
            return self._people.password()
        if name == "role":
            return self._people.bare_role
        if name == "permissions":
            return sorted(self._people.everybodys)[:1]
        if name in self._owners or (value is not None and names_account(kit.document, child)):
            return prepared.holder.id
        for other in kit.document:
            if name in other.path_parameters and other.path.endswith(f"{{{name}}}") and isinstance(value, str):
                named = Prepared(other, {}, prepared.holder, None)
                found = self._value(other, name, named, fresh=False)
                prepared.guessed |= named.guessed
                return found
        if schema.get("format") == "uuid" and isinstance(value, str):
            prepared.guessed[name] = value
        elif self.creates(operation) and isinstance(value, str) and is_free(schema):
            return self.variant(child, value)
        return value

    def variant(self, schema: Any, value: str) -> str:
        """Return another text that the schema allows too, with the run in its name where that is possible."""
        kit = self._kit
        name = kit.unique("contract")
        for candidate in (name, f"{value} {name}", f"{value}-{name}", name.replace("-", ""), name[-8:], name[-4:]):
            if kit.request_schemas.matches(schema, candidate):
                return candidate
        return value
