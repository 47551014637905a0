"""What oasdiff judges differently than `charter spec diff`, each with the reason why it may.

A rule is not here because oasdiff never finds such changes, but because it lets at least one change of the table pass.
"""

_EXTENSION = "oasdiff does not know what the x- keys of Charter promise"
_SDK = "no request breaks, but code that uses an SDK does not compile with the next one"
_UNSEEN = "oasdiff does not look at it"

BREAKING_FOR_US = {
    "operation-id-renamed": _SDK,
    "operation-group-changed": _SDK,
    "path-parameter-renamed": _SDK,
    "type-name-removed": _SDK,
    "response-format-added": "a text becomes, for example, a date in SDKs; oasdiff sees only a narrower response",
    "permission-required": _EXTENSION,
    "owner-access-removed": _EXTENSION,
    "rate-limit-added": _EXTENSION,
    "idempotency-required": _EXTENSION,
    "idempotency-removed": _EXTENSION,
    "precondition-required": _EXTENSION,
    "precondition-removed": _EXTENSION,
    "step-up-added": _EXTENSION,
    "step-up-changed": _EXTENSION,
    "pagination-changed": _EXTENSION,
    "audit-event-changed": _EXTENSION,
    "write-permission-added": _EXTENSION,
    "request-pattern-changed": "for x-format: " + _EXTENSION,
    "response-pattern-changed": "for x-format: " + _EXTENSION,
    "unknown-change": "oasdiff ignores keys that it does not know",
    "security-scheme-changed": "for oasdiff, the removal of a scheme is only information",
    "request-null-refused": "for null around an allOf, which oasdiff joins with its parts",
    "parameter-encoding-changed": _UNSEEN,
    "request-encoding-changed": _UNSEEN,
    "request-additional-properties-refused": "for a map that no longer accepts entries: " + _UNSEEN,
    "request-property-became-required": "for an entry of a map: " + _UNSEEN,
    "composition-changed": "for `not`, and for a response whose alternatives are gone: " + _UNSEEN,
    "response-type-widened": "for a list whose items lose their schema: " + _UNSEEN,
    "request-default-changed": "requests stay valid, but the server does something else with the same request",
    "success-status-added": "clients that expect 200 do not know what to do with another success",
    "response-media-type-added": "oasdiff assumes that `Accept` chooses, and the server ignores it",
    "response-property-removed": "oasdiff breaks only for required properties; clients read optional ones, too",
    "error-code-removed": "oasdiff sees only that responses are narrower; a client that handles the code waits for it",
}
"""Rules of `charter spec diff` that are breaking, where oasdiff finds nothing that may break clients."""

BREAKING_FOR_THEM = {
    "response-property-enum-value-added": "for error codes and permissions, whose lists grow: clients accept new ones",
    "response-property-pattern-changed": "for a pattern added by allOf: oasdiff makes one pattern of two",
    "api-security-removed": "for a security scheme with another name, which no request has",
    "api-path-sunset-parse": "oasdiff reads x-sunset only as text, and Charter's may have two days",
}
"""Rules of oasdiff, where `charter spec diff` finds nothing breaking."""
