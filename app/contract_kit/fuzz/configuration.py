"""How Schemathesis tries a document: which statuses are right for good and for bad requests, operation by operation."""

import json
from collections.abc import Iterator

from app.contract_kit.document import Document, Operation

# Which responses to a good request are right although it is good: what it names may not be there, may belong to
# somebody else, or may have another version; or wrong passwords have used up a limit, which `limits` is about.
_RIGHT_ANYWAY = (304, 401, 403, 404, 409, 412, 422, 428, 429)
_RIGHT_FOR_BAD = (400, 401, 403, 404, 405, 409, 412, 413, 414, 415, 422, 428, 429, 431)
# A caller who repeats these has ended their own session.
_ENDING = ("logout", "delete_user", "revoke_session", "change_password", "suspend_user", "set_user_role")
# Proxies give their own response to TRACE and QUERY, so that it says nothing about the deployment.
_HEAD = """
[generation]
allow-x00 = false
no-shrink = true

[cache]
enabled = false

[auth]
auto-signup = false

[phases.coverage]
unexpected-methods = ["get", "put", "post", "delete", "options", "patch"]

[phases.stateful]
max-steps = 8
"""


def configuration(document: Document, *, ca_file: str = "") -> str:
    """Return the configuration as TOML.

    Args:
        ca_file: a file of certificates that are trusted in place of the system's.
    """
    trust = [f"tls-verify = {json.dumps(ca_file)}"] if ca_file else []
    return "\n".join([*trust, _HEAD, *(_operation(operation) for operation in document)])


def _operation(operation: Operation) -> str:
    good = sorted({*operation.successes, *_right_anyway(operation)})
    bad = [status for status in _RIGHT_FOR_BAD if operation.response(status) is not None]
    lines = [
        "[[operations]]",
        f"include-operation-id = {json.dumps(operation.name)}",
        f"checks.positive_data_acceptance.expected-statuses = {good}",
        f"checks.negative_data_rejection.expected-statuses = {bad}",
    ]
    if operation.precondition == "required":
        # Without a permission it is a 403 first.
        lines.append("checks.missing_required_header.expected-statuses = [401, 403, 404, 428, 429]")
    return "\n".join(lines) + "\n"


def _right_anyway(operation: Operation) -> Iterator[int]:
    for status in _RIGHT_ANYWAY:
        if str(status) in operation.responses and (status != 401 or operation.public or operation.name in _ENDING):
            yield status
    # A rule that no schema can say: a common password, a value that its own schema forbids, a cursor that nobody got.
    if "400" in operation.responses and (operation.request is not None or operation.parameter("cursor", "query")
                                         or operation.parameter("since", "query")):  # fmt: skip
        yield 400
