"""The pages that people and tools open: the reference, the document, and the metrics."""

import hmac
from collections.abc import Callable, Mapping
from typing import Any

import flask
import orjson
import yaml
from werkzeug.wrappers import Response

from app.config import Config
from app.errors import NotFound, Unauthenticated
from app.observability.metrics import Metrics
from app.pages.reference import reference_assets, reference_page
from app.pages.representations import Representation


class Pages:
    """The views; what they show is rendered once.

    Args:
        bundle: the document, names and references kept.
    """

    def __init__(self, bundle: Mapping[str, Any], config: Config, metrics: Metrics) -> None:
        self._config = config
        self._metrics = metrics
        servers = {"servers": [{"url": config.public_url}]} if config.public_url else {}
        bundle = {**bundle, **servers}
        self._json = Representation(orjson.dumps(bundle), "application/json")
        # In C where the wheel has it: in Python this was half the time of a start.
        dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
        text = yaml.dump(bundle, Dumper=dumper, sort_keys=False, allow_unicode=True, width=120)
        self._yaml = Representation(text.encode(), "application/yaml")
        self._reference = reference_page()
        self._assets = reference_assets()

    @property
    def rules(self) -> dict[str, Callable[..., Any]]:
        """Every URL rule that Flask serves, with its view."""
        return {
            "/": lambda: flask.redirect(f"{self._config.public_path}/docs"),
            "/openapi.json": lambda: _respond(self._json),
            "/openapi.yaml": lambda: _respond(self._yaml),
            "/docs": lambda: _respond(self._reference),
            "/docs/<name>": self._asset,
            "/metrics": self._metrics_page,
        }

    def _asset(self, name: str) -> Response:
        if name not in self._assets:
            raise NotFound
        return _respond(self._assets[name])

    def _metrics_page(self) -> Response:
        token = self._config.metrics_token
        if token or self._config.env == "production":
            scheme, _, sent = flask.request.headers.get("Authorization", "").partition(" ")
            if not token or scheme.lower() != "bearer" or not hmac.compare_digest(sent.encode(), token.encode()):
                raise Unauthenticated("Send METRICS_TOKEN as: Authorization: Bearer <token>.")
        return Response(self._metrics.render(), mimetype="text/plain; version=0.0.4")


def _respond(representation: Representation) -> Response:
    headers = flask.request.headers
    return representation.respond(
        accept_encoding=headers.get("Accept-Encoding"), if_none_match=headers.get("If-None-Match")
    )
