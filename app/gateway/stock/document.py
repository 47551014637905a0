"""The document and the request as Connexion gets them: without what it would read otherwise than we do."""

import copy
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from app.media_types import JSON
from app.pipeline.request_context import RequestContext


def simplified_document(bundle: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with every path parameter a plain string, and every body of one media type.

    Connexion's router returns 404 where a typed parameter does not match; our validators return 400 with the field. Our
    gateway compares media types: Connexion sees no Content-Type, and takes the first one.
    """
    document = copy.deepcopy(dict(bundle))
    components, path_items = document.get("components", {}), document["paths"].values()
    parameters = list(components.get("parameters", {}).values())
    bodies = list(components.get("requestBodies", {}).values())
    for item in path_items:
        for part in (item, *(value for value in item.values() if isinstance(value, dict))):
            parameters += part.get("parameters", [])
        bodies += [part["requestBody"] for part in item.values() if "requestBody" in part]
    for body in bodies:
        if JSON in body.get("content", {}):
            body["content"] = {JSON: body["content"][JSON]}
    for parameter in parameters:
        if parameter.get("in") == "path":
            parameter["schema"] = {"type": "string"}
    return document


def simplified_request(context: RequestContext) -> dict[str, Any]:
    """Return what Connexion sees in place of method, path, query and headers.

    Connexion would take an escaped slash for a real one, not match an escaped line end, coerce the query before the
    step that validates it, and compare media types by case.
    """
    segments = (quote(unquote_to_bytes(segment), safe="") for segment in context.path.split("/"))
    authorization = context.headers.get("authorization")
    return {
        "method": "GET" if context.method == "HEAD" else context.method,
        "path": "/".join(segments),
        "query_string": b"",
        "headers": [(b"authorization", authorization.encode("latin-1"))] if authorization else [],
    }
