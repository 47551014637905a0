"""What a check is, and what it knows besides the operation that it checks."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from app.cache.tags import TagTemplate
from app.spec.document import Fault, Pointer
from app.spec.operation import Operation
from app.spec.policy import WritePermissions


@dataclass(frozen=True, slots=True)
class KnownNames:
    """The names that x- keys may use, and what a check must know of other operations.

    Attributes:
        permissions: those of permissions.yaml.
        events: those of events.yaml.
        buckets: the rate limits in the configuration.
        recencies: the step-ups in the configuration.
        lifetimes: the cache policies in the configuration.
        tags: the tags that the root document declares.
        security_schemes: those of the components.
        cached_tags: the tags under which any operation caches responses.
        write_permissions: the properties of each operation's body that need a permission, by the operation's pointer.
    """

    permissions: Collection[str]
    events: Collection[str]
    buckets: Collection[str]
    recencies: Collection[str]
    lifetimes: Collection[str]
    tags: Collection[str]
    security_schemes: Collection[str]
    cached_tags: Collection[TagTemplate]
    write_permissions: Mapping[Pointer, WritePermissions]


class Check(Protocol):
    """A rule that an operation must follow."""

    def __call__(self, operation: Operation, known: KnownNames, /) -> Iterator[Fault]:
        """Yield a fault for each place where the operation breaks the rule."""
