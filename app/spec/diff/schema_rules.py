"""The rules about schemas.

A request may become wider: the server accepts more. A response may become narrower: the server returns less. The other
way round, a client of the former document sends what is rejected, or gets what it does not know.
"""

SCHEMA_RULES = """
additive request-property-added: Requests may have a new optional property.
breaking request-property-added-required: Requests must have a new property.
breaking request-property-removed: A property is no longer accepted. The server rejects unknown properties.
breaking request-property-became-required: Requests must have a property.
additive request-property-became-optional: Requests may omit a property.
additive response-property-added: Responses have a new property. Clients ignore unknown properties.
breaking response-property-removed: Responses no longer have a property.
additive response-property-became-required: A property is in every response.
breaking response-property-became-optional: A property that every response had may be missing.
additive property-deprecated: A property is deprecated.
breaking request-type-changed: A value in a request has another type.
breaking request-type-narrowed: A value in a request has a type, or a narrower one (integer instead of number).
additive request-type-widened: A value in a request has no type, or a wider one (number instead of integer).
breaking response-type-changed: A value in a response has another type.
additive response-type-narrowed: A value in a response has a type, or a narrower one (integer instead of number).
breaking response-type-widened: A value in a response has no type, or a wider one (number instead of integer).
additive request-null-allowed: A value in a request may be null.
breaking request-null-refused: A value in a request may no longer be null.
breaking response-null-allowed: A value in a response may be null.
additive response-null-refused: A value in a response is never null.
additive request-enum-value-added: A value in a request may be one more of a list.
breaking request-enum-value-removed: A value in a request may no longer be one of a list.
breaking request-enum-added: A value in a request must be one of a list.
additive request-enum-removed: A value in a request may be any, no longer one of a list.
breaking response-enum-value-added: A value in a response may be one that clients do not know.
additive response-enum-value-removed: A value in a response is never one of a list any more.
additive response-enum-added: A value in a response is one of a list.
breaking response-enum-removed: A value in a response may be any, no longer one of a list.
additive error-code-added: There is a new error code. Clients treat unknown codes by the status.
breaking error-code-removed: An error code no longer exists, and clients that handle it wait for nothing.
additive permission-name-added: There is a new permission. Clients pass on permissions that they do not know.
breaking permission-name-removed: A permission no longer exists.
breaking request-bound-tightened: A minimum, maximum, length, count, `multipleOf` or `uniqueItems` accepts less.
additive request-bound-loosened: A minimum, maximum, length, count, `multipleOf` or `uniqueItems` accepts more.
additive response-bound-tightened: A minimum, maximum, length, count, `multipleOf` or `uniqueItems` promises more.
breaking response-bound-loosened: A minimum, maximum, length, count, `multipleOf` or `uniqueItems` promises less.
breaking request-pattern-added: A text in a request must match a pattern or `x-format`.
additive request-pattern-removed: A text in a request need no longer match a pattern or `x-format`.
breaking request-pattern-changed: A text in a request must match another pattern or `x-format`, wider or not.
additive response-pattern-added: A text in a response matches a pattern or `x-format`.
breaking response-pattern-removed: A text in a response no longer matches a pattern or `x-format`.
breaking response-pattern-changed: A text in a response matches another pattern or `x-format`, wider or not.
breaking request-format-added: A value in a request must have a format.
additive request-format-removed: A value in a request need no longer have a format.
breaking request-format-changed: A value in a request has another or a narrower format.
additive request-format-widened: A number in a request may be larger (int64 instead of int32).
breaking response-format-added: A value in a response has a format, so its type in SDKs is another one.
breaking response-format-removed: A value in a response no longer has a format, so its type in SDKs is another one.
breaking response-format-changed: A value in a response has another or a wider format.
additive response-format-narrowed: A number in a response is smaller (int32 instead of int64).
additive request-additional-properties-allowed: Unknown properties are accepted.
breaking request-additional-properties-refused: Unknown properties are rejected.
additive response-additional-properties-allowed: A response may have unknown properties. Clients ignore them.
additive response-additional-properties-refused: A response has no unknown properties.
additive request-alternative-added: A value in a request may have one more form (`oneOf`, `anyOf`).
breaking request-alternative-removed: A value in a request may no longer have one of its forms (`oneOf`, `anyOf`).
breaking response-alternative-added: A value in a response may have a form that clients do not know (`oneOf`, `anyOf`).
additive response-alternative-removed: A value in a response never has one of its forms any more (`oneOf`, `anyOf`).
breaking composition-changed: `oneOf`, `anyOf`, `not` or `discriminator` is new, gone or another one.
additive request-default-added: What the server assumes for an omitted value is documented.
breaking request-default-changed: The server assumes something else for an omitted value, or says no longer what.
cosmetic response-default-changed: The default of a value in a response. Responses have the value itself.
breaking write-permission-added: Callers need a permission, or another one, to set a property.
additive write-permission-removed: Callers need no permission of its own to set a property.
breaking type-name-removed: A named schema no longer exists, so SDKs have no type of this name.
"""
