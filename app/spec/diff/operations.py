"""Compare an operation with what it was."""

from app.spec.diff.access import compare_access
from app.spec.diff.bodies import compare_bodies
from app.spec.diff.comparison import TEXTS, Comparison, Spot
from app.spec.diff.lifecycle import compare_lifecycle
from app.spec.diff.parameters import compare_parameters
from app.spec.diff.policies import POLICY_KEYS, compare_policies
from app.spec.diff.responses import compare_responses
from app.spec.document import METHODS

_KNOWN = {
    *TEXTS,
    *POLICY_KEYS,
    *("operationId", "tags", "deprecated", "x-sunset", "security", "parameters", "requestBody", "responses", "servers"),
}

_OF_ITEMS = {*METHODS, "summary", "description", "servers", "parameters", "$ref"}

ItemAndOperation = tuple[Spot, Spot]


def compare_operations(comparison: Comparison, old: ItemAndOperation, new: ItemAndOperation) -> None:
    """Compare two operations of the same method and path.

    Args:
        comparison: takes what is found.
        old: the path item and the operation.
        new: the same in the new document.
    """
    (old_item, before), (new_item, after) = old, new
    _compare_names(comparison, before, after)
    compare_lifecycle(comparison, before, after)
    compare_access(comparison, before, after)
    compare_policies(comparison, before, after)
    compare_parameters(comparison, old, new)
    compare_bodies(comparison, before, after)
    compare_responses(comparison, before, after)
    comparison.texts(before, after)
    comparison.texts(before, after, ("servers",), rule="servers-changed")
    comparison.others(before, after, _KNOWN)
    comparison.texts(old_item, new_item, ("summary", "description"))
    comparison.texts(old_item, new_item, ("servers",), rule="servers-changed")
    comparison.others(old_item, new_item, _OF_ITEMS)


def _compare_names(comparison: Comparison, old: Spot, new: Spot) -> None:
    before, after = old.get("operationId"), new.get("operationId")
    if before != after:
        text = f"The operationId was `{before}` and is now `{after}`."
        comparison.report("operation-id-renamed", new, text, "operationId")
    groups, now = old.get("tags") or [], new.get("tags") or []
    if groups[:1] != now[:1]:
        text = f"The first tag was `{''.join(groups[:1])}` and is now `{''.join(now[:1])}`."
        comparison.report("operation-group-changed", new, text, "tags")
    elif groups != now:
        comparison.report("text-changed", new, "The operation has other tags.", "tags")
