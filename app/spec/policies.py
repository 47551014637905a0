"""Law 1: nothing without a policy. Read the policy of every operation, and all faults that prevent one."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from app.spec.cache_rules import tags_cached_under
from app.spec.checks import BASIC_CHECKS, KEY_CHECKS, LINT_CHECKS, NAME_CHECKS, POLICY_CHECKS, Check, KnownNames
from app.spec.checks.cache import check_tags_are_cached, tag_of_owner
from app.spec.checks.extension_keys import check_extension_keys, misspelt_keys
from app.spec.checks.identity import separate_duplicates
from app.spec.checks.methods import check_methods
from app.spec.checks.permission_names import check_permission_names
from app.spec.checks.unused import check_unused_names
from app.spec.document import Document, Fault, Incomplete
from app.spec.events import DeclaredEvent
from app.spec.operation import Operation, operations
from app.spec.permissions import Permission
from app.spec.policy import Policy, policy_of
from app.spec.write_permissions import WritePermissionFinder


def read_policies(
    document: Document,
    *,
    permissions: Mapping[str, Permission],
    events: Mapping[str, DeclaredEvent],
    buckets: Collection[str],
    recencies: Collection[str],
    lifetimes: Collection[str],
    thorough: bool = False,
    incomplete: Incomplete | None = None,
) -> tuple[dict[str, Policy], list[Fault]]:
    """Return the policies by operationId, and every fault with its file and line.

    If there are faults, the policies are those of the operations that pass the basic checks. The caller can compare
    them with their handlers, and report all faults together.

    Args:
        document: as loaded.
        permissions: those of permissions.yaml, by name.
        events: those of events.yaml, by name.
        buckets: names of the rate limits in the configuration.
        recencies: names of the step-ups in the configuration.
        lifetimes: names of the cache policies in the configuration.
        incomplete: the parts that cannot be judged; of an operation there, only its keys are checked.
        thorough: also report responses and headers that an operation can return, but does not document.
    """
    bundle, all_operations = document.bundle, list(operations(document))
    finder = WritePermissionFinder(document)
    known = KnownNames(
        permissions=permissions,
        events=events,
        buckets=buckets,
        recencies=recencies,
        lifetimes=lifetimes,
        tags=[tag.get("name") for tag in bundle.get("tags", [])],
        security_schemes=bundle.get("components", {}).get("securitySchemes", {}),
        cached_tags=[
            *(tag for operation in all_operations for _, tag in tags_cached_under(operation)),
            *(tag for operation in all_operations if (tag := tag_of_owner(operation.body))),
        ],
        write_permissions={operation.pointer: finder.find(operation) for operation in all_operations},
    )
    unclear = incomplete or Incomplete(document)
    # What such a key means is not known, and other checks would only say that it is missing.
    unclear.pointers |= {operation.pointer for operation in all_operations if misspelt_keys(operation.body)}
    faults = [*check_extension_keys(document, permissions), *check_methods(document)]
    complete = []
    for operation in all_operations:
        if operation.pointer in unclear.pointers:
            basic, policy_checks = list(_run(NAME_CHECKS, operation, known)), KEY_CHECKS
        else:
            basic, policy_checks = list(_run(BASIC_CHECKS, operation, known)), POLICY_CHECKS
        faults += [*basic, *_run(policy_checks, operation, known)]
        if not basic:
            complete.append(operation)
    by_id, duplicates = separate_duplicates(complete)
    faults += [*duplicates, *(fault for fault in finder.faults if not unclear.follows(fault))]
    if not unclear.gaps and not unclear.pointers:
        # What is missing may be what uses these.
        faults += [*finder.unreached(), *check_unused_names(all_operations, permissions, events, known)]
        faults += _run_all((check_tags_are_cached,), all_operations, known)
    if permissions:
        faults += check_permission_names(document, permissions)
    for operation in by_id.values() if thorough else ():
        if operation.pointer not in unclear.pointers:
            faults += _run(LINT_CHECKS, operation, known)
    policies = {
        name: policy_of(operation, known.write_permissions[operation.pointer]) for name, operation in by_id.items()
    }
    return policies, faults


def _run_all(checks: Iterable[Check], all_operations: Iterable[Operation], known: KnownNames) -> Iterator[Fault]:
    for operation in all_operations:
        yield from _run(checks, operation, known)


def _run(checks: Iterable[Check], operation: Operation, known: KnownNames) -> Iterator[Fault]:
    for check in checks:
        yield from check(operation, known)
