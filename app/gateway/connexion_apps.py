"""The two gateways as Connexion applications: the compiled one, and the stock stack."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn

import connexion
from connexion.middleware.abstract import SpecMiddleware
from connexion.middleware.context import ContextMiddleware
from connexion.middleware.lifespan import LifespanMiddleware
from connexion.middleware.request_validation import RequestValidationMiddleware
from connexion.middleware.routing import RoutingMiddleware
from connexion.middleware.security import SecurityMiddleware
from connexion.resolver import Resolver
from connexion.spec import Specification

from app.config import Config
from app.gateway.asgi import Lifespan
from app.gateway.compiled import CompiledGateway
from app.gateway.executors import Executor
from app.gateway.request_parser import RequestParser
from app.gateway.response_sender import ResponseSender
from app.gateway.stock.document import simplified_document
from app.gateway.stock.gateway import StockGateway, view_resolver
from app.gateway.stock.validators import BearerHandler, BodyReader, NoParameterValidator
from app.media_types import JSON
from app.pipeline.operation import Handler
from app.spec.document import operations_of


@dataclass(frozen=True, slots=True)
class GatewayDependencies:
    """What both applications are made from.

    Attributes:
        executors: the threads by executor name.
        lifespan: what runs from the start of the server to its end.
    """

    config: Config
    parser: RequestParser
    sender: ResponseSender
    executors: Mapping[str, Executor]
    lifespan: Lifespan


class _CompiledMiddleware(CompiledGateway, SpecMiddleware):
    """The compiled gateway as a middleware of Connexion.

    Args:
        operation_ids: of the operations that were compiled.
    """

    def __init__(self, *args: Any, operation_ids: frozenset[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self._operation_ids = operation_ids

    def add_api(self, specification: Specification, **_: Any) -> None:
        """Check that Connexion reads the same operations from the document as were compiled."""
        read = {
            operation["operationId"]
            for item in specification["paths"].values()
            for operation in item.values()
            if isinstance(operation, Mapping) and "operationId" in operation
        }
        if read != self._operation_ids:
            raise RuntimeError(f"Connexion and the gateway differ on {sorted(read ^ self._operation_ids)}")


class _StockMiddleware(StockGateway, SpecMiddleware):
    """The stock gateway as a middleware of Connexion."""

    def add_api(self, specification: Any, **_: Any) -> None:
        """Ignore the document: the middlewares behind this one read it."""


def compiled(
    bundle: dict[str, Any], dependencies: GatewayDependencies, *, operation_ids: frozenset[str]
) -> connexion.FlaskApp:
    """Return the application whose operations our gateway runs; Flask serves the pages."""
    gateway = partial(
        _CompiledMiddleware,
        parser=dependencies.parser,
        sender=dependencies.sender,
        executors=dependencies.executors,
        config=dependencies.config,
        operation_ids=operation_ids,
    )
    app = connexion.FlaskApp("charter", lifespan=dependencies.lifespan, middlewares=[gateway, LifespanMiddleware])
    app.add_api(_routes_of(bundle), base_path="", resolver=Resolver(_unreachable_view), swagger_ui_options=None)
    return app


def _routes_of(bundle: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with its paths and operationIds alone, which is all that Connexion registers on Flask.

    By now the document is checked with the meta-schema of Connexion. Connexion's own check, which is written in Python,
    would take longer than all of ours, and it would keep two copies of the document that nobody reads.
    """
    responses = {"default": {"description": "Described in the whole document."}}
    paths = {
        path: {
            method: {"operationId": operation["operationId"], "responses": responses}
            for method, operation in operations_of(item).items()
        }
        for path, item in bundle["paths"].items()
    }
    return {"openapi": bundle["openapi"], "info": {"title": "", "version": ""}, "paths": paths}


def stock(bundle: dict[str, Any], dependencies: GatewayDependencies) -> connexion.FlaskApp:
    """Return the application whose operations go through Connexion's own middlewares to Flask."""
    app = connexion.FlaskApp(
        "charter",
        lifespan=dependencies.lifespan,
        middlewares=[
            partial(
                _StockMiddleware,
                parser=dependencies.parser,
                sender=dependencies.sender,
                seconds=dependencies.config.request_seconds,
            ),
            RoutingMiddleware,
            SecurityMiddleware,
            RequestValidationMiddleware,
            LifespanMiddleware,
            ContextMiddleware,
        ],
    )
    app.add_api(
        simplified_document(bundle),
        base_path="",
        resolver=Resolver(view_resolver(dependencies.executors)),
        security_map={"bearer": partial(BearerHandler, dependencies.parser)},
        validator_map={
            "parameter": NoParameterValidator,
            "body": {JSON: partial(BodyReader, config=dependencies.config)},
        },
        swagger_ui_options=None,
    )
    return app


def _unreachable_view(operation_id: str) -> Handler:
    """Return what Connexion registers on Flask in the compiled mode; `app.pages.flask_rules` keeps it from running."""

    def unreachable() -> None:
        raise AssertionError(f"{operation_id} reached Flask")

    return unreachable


def build_stack(app: connexion.FlaskApp) -> None:
    """Have Connexion build its stack now: built in the first request, a failed start would become 500s.

    Building awaits nothing, so it needs no event loop, and works where one is running already.
    """
    building = app({"type": "build"}, _unused, _unused)
    try:
        building.send(None)
    except StopIteration:
        return
    raise RuntimeError("Connexion waits for something while it builds its stack")


async def _unused(*_: object) -> NoReturn:
    raise AssertionError("nothing is received or sent while the stack is built")
