"""The policy of an operation in words, for people who call it."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.config import Bucket, Config
from app.spec.policy import Policy

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


@dataclass(frozen=True, slots=True)
class Rule:
    """What the policy says about one matter.

    Attributes:
        matter: such as `Rate limit`.
        text: a sentence in Markdown.
        badge: a few words without Markdown; empty if the rule is not worth a badge.
    """

    matter: str
    text: str
    badge: str = ""


def policy_rules(policy: Policy, config: Config) -> Iterator[Rule]:
    """Yield the rules of an operation, those first that a caller meets first."""
    yield _access(policy)
    guarded = [pair for pair in policy.write_permissions if policy.has_owner or pair[1] not in policy.permissions]
    if guarded:
        needs = (f"`{'.'.join(path)}` requires `{permission}`" for path, permission in guarded)
        yield Rule("Properties", f"Setting {', '.join(needs)}.")
    if policy.step_up:
        who = "An owner" if policy.has_owner else "The caller"
        within = span(config.recencies[policy.step_up])
        yield Rule("Step-up", f"{who} must have signed in within the last {within}, else 403.", "recent sign-in")
    yield _rate_limit(policy, config)
    if policy.paginated:
        words, name = " or ".join(f"`{kind}`" for kind in policy.page_kinds), " or ".join(policy.page_kinds)
        yield Rule("Pages", f"One page for each request, by {words} and `limit`.", f"pages by {name}")
    if policy.cache:
        lifetime = span(config.lifetimes[policy.cache.policy])
        yield Rule(
            "Cache",
            f"The server caches the response for at most {lifetime}, until the data behind it changes. Clients may "
            "store it, and check it with `If-None-Match`.",
            "cached",
        )
    if policy.precondition:
        missing = " Without it, the response is 428." if policy.precondition == "required" else ""
        yield Rule(
            "Precondition",
            f"`If-Match` is {policy.precondition}: if there is another version by now, the response is 412.{missing}",
            f"If-Match {policy.precondition}",
        )
    if policy.idempotency:
        hours = span(config.idempotency_hours * 3_600)
        missing = " Without it, the response is 400." if policy.idempotency == "required" else ""
        yield Rule(
            "Idempotency",
            f"`Idempotency-Key` is {policy.idempotency}: a repeated request gets the first response again, for "
            f"{hours}.{missing}",
            f"Idempotency-Key {policy.idempotency}",
        )
    yield from _audit(policy)
    if policy.sunset:
        yield Rule("End", f"The operation may be removed from {policy.sunset.on}.", f"ends {policy.sunset.on}")


def _access(policy: Policy) -> Rule:
    if policy.public:
        return Rule("Access", "Everyone, without a token.", "public")
    names = " and ".join(policy.permissions)
    quoted = " and ".join(f"`{name}`" for name in policy.permissions)
    if policy.owner:
        return Rule("Access", f"The account `{policy.owner}` itself, or callers with {quoted}.", f"owner or {names}")
    if row := policy.owned_row:
        whose = f"members of the {row.resource}" if row.through else f"the owner of the {row.resource}"
        who = f"{whose[0].upper()}{whose[1:]}"
        return Rule("Access", f"{who}, or callers with {quoted}.", f"{'member' if row.through else 'owner'} or {names}")
    return Rule("Access", f"Callers with {quoted}.", names)


def _rate_limit(policy: Policy, config: Config) -> Rule:
    if policy.bucket is None:
        return Rule("Rate limit", "None.", "no limit")
    bucket = config.buckets[policy.bucket]
    by = "client network" if policy.public else "account"
    return Rule(
        "Rate limit",
        f"{limit(bucket)} for each {by}, with all operations of the bucket `{policy.bucket}`.",
        limit(bucket),
    )


def _audit(policy: Policy) -> Iterator[Rule]:
    entries = [] if policy.public else ["a decision"]
    if not policy.safe:
        entries.append(f"the event `{policy.event}`")
    if entries:
        text = " and ".join(entries)
        yield Rule("Audit trail", f"{text[0].upper()}{text[1:]}.")


def limit(bucket: Bucket) -> str:
    """Return a rate limit in words, such as `600 requests per minute`."""
    unit = next((name for seconds, name in _UNITS if seconds == bucket.seconds), "")
    many = f"{bucket.count} requests {f'per {unit}' if unit else f'in {span(bucket.seconds)}'}"
    return f"{many}, {bucket.burst} at once" if bucket.burst else many


def span(seconds: int) -> str:
    """Return a time in its largest whole unit, such as `10 minutes`."""
    size, unit = next(pair for pair in _UNITS if seconds % pair[0] == 0)
    count = seconds // size
    return f"{count} {unit}{'' if count == 1 else 's'}"
