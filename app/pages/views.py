"""The pages that people and tools look at, served by Flask from a written list of rules; everything else is 404.

Connexion registers every operation on Flask too. None of those rules is on the list: in the compiled mode none of
them answers, and in the stock mode only what came through Connexion's own middlewares reaches them.
"""

import hmac
from collections.abc import Callable
from datetime import datetime
from importlib.resources import files
from typing import Any

import flask
import orjson
import yaml
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from app.config import Config
from app.errors import AppError, MethodNotAllowed, NotFound, Unauthenticated
from app.observability.metrics import Metrics
from app.pages.representations import Representation
from app.pipeline.envelope import error_response

_ASSETS = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon-32x32.png": "image/png",
}
_DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# References are relative: they hold under whatever path the deployment is reached.
_DOCS_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Charter: reference</title>
<link rel="icon" href="./docs/favicon-32x32.png">
<link rel="stylesheet" href="./docs/swagger-ui.css">
<style>body { margin: 0 } .swagger-ui .topbar { display: none }</style>
</head>
<body>
<div id="reference"></div>
<noscript>This page needs JavaScript. The document itself: <a href="./openapi.yaml">openapi.yaml</a></noscript>
<script src="./docs/swagger-ui-bundle.js"></script>
<script src="./docs/start.js"></script>
</body>
</html>
"""
_DOCS_SCRIPT = """SwaggerUIBundle({
  url: "./openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: false,
  showExtensions: true,
  tryItOutEnabled: true,
});
"""


class Pages:
    """The views; what they show is rendered once.

    Args:
        bundle: the document as it is served, names and references kept.
        metrics: None with the bench's quiet application.
    """

    def __init__(self, bundle: dict[str, Any], config: Config, metrics: Metrics | None) -> None:
        self._settings = config
        self._metrics = metrics
        self._json = Representation(orjson.dumps(bundle), "application/json")
        # In C where the wheel has it: in Python this was half the time of a start.
        dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
        text = yaml.dump(bundle, Dumper=dumper, sort_keys=False, allow_unicode=True, width=120)
        self._yaml = Representation(text.encode(), "application/yaml")
        self._docs = Representation(_DOCS_PAGE.encode(), "text/html", headers={"Content-Security-Policy": _DOCS_POLICY})
        self._assets = {"start.js": Representation(_DOCS_SCRIPT.encode(), "text/javascript"), **_vendors()}

    @property
    def rules(self) -> dict[str, Callable[..., Any]]:
        """Every rule that Flask answers, with its view."""
        return {
            "/": lambda: flask.redirect(f"{self._settings.public_path}/docs"),
            "/openapi.json": lambda: _answer(self._json),
            "/openapi.yaml": lambda: _answer(self._yaml),
            "/docs": lambda: _answer(self._docs),
            "/docs/<name>": self._asset,
            "/metrics": self._figures,
        }

    def _asset(self, name: str) -> Response:
        if name not in self._assets:
            raise NotFound
        return _answer(self._assets[name])

    def _figures(self) -> Response:
        token = self._settings.metrics_token
        if token or self._settings.env == "production":
            scheme, _, given = flask.request.headers.get("Authorization", "").partition(" ")
            if not token or scheme.lower() != "bearer" or not hmac.compare_digest(given.encode(), token.encode()):
                raise Unauthenticated("Send METRICS_TOKEN as: Authorization: Bearer <token>.")
        text = self._metrics.render() if self._metrics else b""
        return Response(text, mimetype="text/plain; version=0.0.4")


def register_pages(app: flask.Flask, pages: Pages, *, config: Config, clock: Callable[[], datetime]) -> None:
    """Give Flask its rules, and the envelope for everything else.

    In the compiled mode what Connexion registered on Flask is held back.
    """
    app.url_map.merge_slashes = False
    for rule, view in pages.rules.items():
        app.add_url_rule(rule, f"page:{rule}", view, methods=["GET"], strict_slashes=True)

    def only_pages() -> None:
        rule = flask.request.url_rule
        if rule is not None and not rule.endpoint.startswith("page:"):
            raise NotFound

    def refuse(error: AppError) -> Response:
        status, headers, body = error_response(error, flask.request.headers["X-Request-Id"], clock())
        return Response(body, status, [(name.decode(), value.decode()) for name, value in headers])

    def refuse_for_flask(error: HTTPException) -> Response:
        if error.code != 405:
            return refuse(NotFound())
        return refuse(
            MethodNotAllowed(headers={"Allow": ", ".join(sorted(getattr(error, "valid_methods", None) or ()))})
        )

    app.before_request(_exactly)
    if config.gateway == "compiled":
        app.before_request(only_pages)
    app.after_request(_bodiless_options)
    app.register_error_handler(AppError, refuse)
    app.register_error_handler(HTTPException, refuse_for_flask)


def _exactly() -> None:
    """Refuse what werkzeug forgives: slashes in front, and a method in lower case."""
    environ = flask.request.environ
    if environ["PATH_INFO"].startswith("//"):
        raise NotFound
    if flask.request.url_rule is not None and environ["REQUEST_METHOD"] != flask.request.method:
        raise MethodNotAllowed(headers={"Allow": "GET, HEAD, OPTIONS"})


def _bodiless_options(response: Response) -> Response:
    """Make a 204 of Flask's own answer to OPTIONS, as operations have it."""
    if flask.request.method == "OPTIONS" and response.status_code == 200:
        response.status_code = 204
        del response.headers["Content-Type"]
    return response


def _answer(representation: Representation) -> Response:
    given = flask.request.headers
    return representation.respond(
        accept_encoding=given.get("Accept-Encoding"), if_none_match=given.get("If-None-Match")
    )


def _vendors() -> dict[str, Representation]:
    folders = files("swagger_ui_bundle").joinpath("vendor").iterdir()
    vendor = next(folder for folder in folders if folder.joinpath("swagger-ui-bundle.js").is_file())
    return {
        name: Representation(
            vendor.joinpath(name).read_bytes(),
            media_type,
            cache_control="public, max-age=86400",
            compresses=media_type.startswith("text/"),
        )
        for name, media_type in _ASSETS.items()
    }
