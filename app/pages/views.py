"""The pages that people and tools open: the reference, the document, and the metrics."""

import hmac
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import flask
import orjson
import yaml
from werkzeug.wrappers import Response

from app.config import Config
from app.errors import NotFound, Unauthenticated
from app.observability.metrics import Metrics
from app.pages.reference import Reference
from app.pages.representations import Representation
from app.spec.document import Document
from app.spec.policy import Policy


class Pages:
    """The views; what they show is rendered once.

    Args:
        policies: of every operation, by operationId.
    """

    def __init__(self, document: Document, policies: Mapping[str, Policy], config: Config, metrics: Metrics) -> None:
        self._config = config
        self._metrics = metrics
        servers = {"servers": [{"url": config.public_url}]} if config.public_url else {}
        # `charter contract` reads it, to ask before it tests a production.
        named = {"Charter-Deployment": config.deployment_name or config.env}
        self._json = Representation(orjson.dumps({**document.bundle, **servers}), "application/json", headers=named)
        self._reference = Reference(document, policies, config) if config.reference_pages else None

    @property
    def rules(self) -> dict[str, Callable[..., Any]]:
        """Every URL rule that Flask serves, with its view."""
        return {
            **(self._reference_rules(self._reference) if self._reference else {}),
            "/openapi.json": lambda: _respond(self._json),
            "/openapi.yaml": lambda: _respond(self._yaml),
            "/metrics": self._metrics_page,
        }

    @cached_property
    def _yaml(self) -> Representation:
        # Rendered on first use: it takes longer than all other pages together. In C where the wheel has it.
        dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
        bundle = orjson.loads(self._json.content)
        text = yaml.dump(bundle, Dumper=dumper, sort_keys=False, allow_unicode=True, width=120)
        return Representation(text.encode(), "application/yaml")

    def _reference_rules(self, reference: Reference) -> dict[str, Callable[..., Any]]:
        return {
            "/": lambda: flask.redirect(f"{self._config.public_path}/docs"),
            "/docs": reference.reading.respond,
            "/docs/try": lambda: _respond(reference.trying),
            "/docs/<name>": lambda name: _respond_by_name(reference.files, name),
            "/docs/operations/<name>": lambda name: _respond_by_name(reference.operations, name),
            "/docs/guides/<name>": lambda name: _respond_by_name(reference.guides, name),
            "/llms.txt": lambda: _respond(reference.index),
        }

    def _metrics_page(self) -> Response:
        token = self._config.metrics_token
        if token or self._config.env == "production":
            scheme, _, sent = flask.request.headers.get("Authorization", "").partition(" ")
            if not token or scheme.lower() != "bearer" or not hmac.compare_digest(sent.encode(), token.encode()):
                raise Unauthenticated("Send METRICS_TOKEN as: Authorization: Bearer <token>.")
        return Response(self._metrics.render(), mimetype="text/plain; version=0.0.4")


def _respond_by_name(representations: Mapping[str, Representation], name: str) -> Response:
    if name not in representations:
        raise NotFound
    return _respond(representations[name])


def _respond(representation: Representation) -> Response:
    headers = flask.request.headers
    return representation.respond(
        accept_encoding=headers.get("Accept-Encoding"),
        if_none_match=headers.get("If-None-Match"),
        version=flask.request.args.get("v"),
    )
