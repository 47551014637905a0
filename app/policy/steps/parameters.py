"""Parameters: path, query and header values, coerced and validated against the document, all violations at once."""

from app.policy.call import Call
from app.policy.parts import Parts, Step


def make(parts: Parts) -> Step:
    """Return the step; every operation has it, since unknown query parameters are refused everywhere."""
    read = parts.parameters.read

    def parameters(call: Call) -> None:
        call.arguments = read(call.path_values, call.query_string, call.headers)

    return parameters
