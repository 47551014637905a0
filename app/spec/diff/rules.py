"""Every rule of the comparison with its severity: docs/versioning.md shows this table."""

from app.spec.diff.changes import Rule, Severity
from app.spec.diff.schema_rules import SCHEMA_RULES

_OPERATIONS = """
additive operation-added: There is a new operation.
breaking operation-removed: An operation no longer exists.
additive operation-removed-after-sunset: A deprecated operation was removed after its `x-sunset`.
breaking operation-moved: An operation has another path or method.
breaking operation-id-renamed: The method of the SDKs has another name.
breaking operation-group-changed: The first tag is another one, and SDKs group methods by it.
additive operation-deprecated: An operation is deprecated.
additive operation-restored: An operation is no longer deprecated.
additive sunset-added: An operation has an end date.
additive sunset-later: The end date is later.
breaking sunset-earlier: The end date is earlier than promised.
additive sunset-removed: An operation no longer has an end date.
"""

_POLICIES = """
breaking permission-required: Callers need one more permission.
additive permission-waived: Callers no longer need a permission.
breaking public-access-removed: The operation now requires a token and permission.
additive public-access-added: Everyone may call the operation.
additive owner-access-added: The owner no longer needs the permission.
breaking owner-access-removed: The owner now needs the permission, or the owner is somebody else.
breaking rate-limit-added: Requests that were not limited are limited.
additive rate-limit-changed: Another bucket counts the requests. Its numbers are configuration.
additive rate-limit-removed: Requests are no longer limited.
additive idempotency-added: `Idempotency-Key` is accepted.
breaking idempotency-required: `Idempotency-Key` is required.
additive idempotency-relaxed: `Idempotency-Key` is no longer required, but still accepted.
breaking idempotency-removed: `Idempotency-Key` is ignored, so a repeated request is carried out twice.
additive precondition-added: `If-Match` is accepted.
breaking precondition-required: `If-Match` is required.
additive precondition-relaxed: `If-Match` is no longer required, but still accepted.
breaking precondition-removed: `If-Match` is ignored, so a change can overwrite another.
breaking step-up-added: Callers must have signed in recently.
breaking step-up-changed: The name for how recent a sign-in must be is another one.
additive step-up-removed: The sign-in no longer needs to be recent.
breaking pagination-changed: A list is paged in another way, or is paged now, or no longer.
additive cursor-added: The pages of a list, until now asked for by offset, can also be asked for by cursor.
breaking audit-event-changed: The audit trail names the operation differently, and filters for the former name miss it.
cosmetic caching-changed: The server caches the response differently. What it returns is the same.
cosmetic execution-changed: The server runs the operation differently. What it returns is the same.
breaking security-alternative-removed: A way to authenticate is no longer accepted.
additive security-alternative-added: There is another way to authenticate.
breaking security-scheme-changed: A security scheme has another definition, or is gone.
"""

_REQUESTS = """
additive parameter-added: There is a new optional parameter.
breaking parameter-added-required: There is a new required parameter.
breaking parameter-removed: A parameter is no longer accepted. The server rejects unknown query parameters.
breaking parameter-became-required: A parameter is required.
additive parameter-became-optional: A parameter is no longer required.
breaking path-parameter-renamed: A path parameter has another name, and so has the argument in SDKs.
breaking parameter-encoding-changed: A parameter is written differently, for example with another `style`.
additive parameter-deprecated: A parameter is deprecated.
additive request-body-added: The operation accepts a body.
breaking request-body-added-required: The operation requires a body.
breaking request-body-removed: The operation no longer accepts a body.
breaking request-body-became-required: The body is required.
additive request-body-became-optional: The body is no longer required.
additive request-media-type-added: The body may have another media type.
breaking request-media-type-removed: The body may no longer have a media type.
breaking request-encoding-changed: The parts of the body are encoded differently.
"""

_RESPONSES = """
breaking success-status-added: The operation can succeed with another 2xx status, which clients do not expect.
breaking success-status-removed: The operation no longer succeeds with a 2xx status.
additive other-status-added: There is a new status, not 2xx. Clients treat an unknown one by its class.
additive other-status-removed: The operation no longer returns a status that is not 2xx.
additive response-body-added: A response that had no body has one.
breaking response-media-type-added: A response may have another media type, whatever the client accepts.
breaking response-media-type-removed: A response no longer has a media type.
additive response-header-added: A response has a new header.
breaking response-header-removed: A response no longer has a header.
breaking response-header-became-optional: A header that every such response had may be missing.
additive response-header-became-required: A header is in every such response.
"""

_TEXTS = """
cosmetic text-changed: A title, summary, description, contact or link to further documentation.
cosmetic example-changed: An example.
cosmetic link-changed: A link between operations. Clients do not depend on it.
cosmetic servers-changed: The addresses of the deployment.
breaking unknown-change: A key that the comparison does not know has changed. Somebody must judge it.
"""


def _read(table: str) -> list[Rule]:
    rows = (line.split(" ", 2) for line in table.strip().splitlines())
    return [Rule(name.removesuffix(":"), Severity(severity), about) for severity, name, about in rows]


RULES_BY_SUBJECT = {
    "Operations": _read(_OPERATIONS),
    "Access and policies": _read(_POLICIES),
    "Parameters and request bodies": _read(_REQUESTS),
    "Responses": _read(_RESPONSES),
    "Schemas": _read(SCHEMA_RULES),
    "Texts and the rest": _read(_TEXTS),
}
"""The rules, in the order of the documentation."""

RULES = {rule.id: rule for rules in RULES_BY_SUBJECT.values() for rule in rules}
"""Every rule by its id."""
