"""What Flask serves: the URL rules of the pages and nothing else; every other path is 404 in the envelope.

Connexion registers every operation on Flask too. Those rules are not on the list: in the compiled mode none of them
responds, and in the stock mode only a request that came through Connexion's own middlewares reaches them.
"""

from collections.abc import Callable
from datetime import datetime

import flask
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from app.config import Config
from app.errors import AppError, MethodNotAllowed, NotFound
from app.pages.views import Pages
from app.pipeline.envelope import error_response


def register_pages(app: flask.Flask, pages: Pages, *, config: Config, clock: Callable[[], datetime]) -> None:
    """Give Flask the rules of the pages, and the envelope for every error."""
    app.url_map.merge_slashes = False
    for rule, view in pages.rules.items():
        app.add_url_rule(rule, f"page:{rule}", view, methods=["GET"], strict_slashes=True)

    def respond(error: AppError) -> Response:
        status, headers, body = error_response(error, flask.request.headers["X-Request-Id"], clock())
        return Response(body, status, [(name.decode(), value.decode()) for name, value in headers])

    def respond_for_flask(error: HTTPException) -> Response:
        if error.code != 405:
            return respond(NotFound())
        allow = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
        return respond(MethodNotAllowed(headers={"Allow": allow}))

    app.before_request(_match_exactly)
    if config.gateway == "compiled":
        app.before_request(_only_pages)
    app.after_request(_bodiless_options)
    app.register_error_handler(AppError, respond)
    app.register_error_handler(HTTPException, respond_for_flask)


def _only_pages() -> None:
    """Return 404 for the rules that Connexion registered."""
    rule = flask.request.url_rule
    if rule is not None and not rule.endpoint.startswith("page:"):
        raise NotFound


def _match_exactly() -> None:
    """Reject what werkzeug accepts: a path that begins with two slashes, and a method in lower case."""
    environ = flask.request.environ
    if environ["PATH_INFO"].startswith("//"):
        raise NotFound
    if flask.request.url_rule is not None and environ["REQUEST_METHOD"] != flask.request.method:
        raise MethodNotAllowed(headers={"Allow": "GET, HEAD, OPTIONS"})


def _bodiless_options(response: Response) -> Response:
    """Turn Flask's own response to OPTIONS into a 204, as operations have it."""
    if flask.request.method == "OPTIONS" and response.status_code == 200:
        response.status_code = 204
        del response.headers["Content-Type"]
    return response
