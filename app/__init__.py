"""Charter: an accounts and access API defined end to end by one OpenAPI document."""
