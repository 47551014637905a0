"""The two ways in, as Connexion hosts them: the compiled gateway, and the stock stack."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from functools import partial
from typing import Any, NoReturn

import connexion
from connexion.exceptions import InvalidSpecification
from connexion.middleware.context import ContextMiddleware
from connexion.middleware.lifespan import LifespanMiddleware
from connexion.middleware.request_validation import RequestValidationMiddleware
from connexion.middleware.routing import RoutingMiddleware
from connexion.middleware.security import SecurityMiddleware
from connexion.resolver import Resolver

from app.config import Config
from app.gateway.compiled import CompiledGateway
from app.gateway.executors import Executor
from app.gateway.request_parser import RequestParser
from app.gateway.response_sender import ResponseSender
from app.gateway.stock import RequestBearer, RequestBody, RequestParameters, StockEntrance, for_connexion, later_steps
from app.pipeline.fitting import Handler
from app.spec.document import Document, DocumentError, Fault

Lifetime = Callable[[Any], AbstractAsyncContextManager[None]]


@contextmanager
def reading(document: Document) -> Iterator[None]:
    """Tell of what Connexion finds in the document beyond its form, such as a default that its own schema refuses.

    Raises:
        DocumentError: with the first of it, which is all that Connexion tells.
    """
    try:
        yield
    except InvalidSpecification as error:
        place = document.where(tuple(error.absolute_path))
        problem = "Connexion cannot read what stands here."
        raise DocumentError([Fault(place, problem, "Look for a default that its own schema refuses.")]) from None


def compiled(
    bundle: dict[str, Any],
    *,
    config: Config,
    parser: RequestParser,
    sender: ResponseSender,
    executors: Mapping[str, Executor],
    served: set[str],
    lifetime: Lifetime,
) -> connexion.FlaskApp:
    """Return the application whose operations our gateway answers; Flask keeps the pages."""
    gateway = partial(CompiledGateway, parser=parser, sender=sender, executors=executors, config=config, served=served)
    app = connexion.FlaskApp("charter", lifespan=lifetime, middlewares=[gateway, LifespanMiddleware])
    app.add_api(bundle, base_path="", resolver=Resolver(_never), swagger_ui_options=None)
    return app


def stock(
    bundle: dict[str, Any],
    *,
    config: Config,
    parser: RequestParser,
    sender: ResponseSender,
    executors: Mapping[str, Executor],
    lifetime: Lifetime,
) -> connexion.FlaskApp:
    """Return the application whose operations go through Connexion's own middlewares to Flask."""
    bearer = type("Bearer", (RequestBearer,), {"parser": parser})
    body = type("Body", (RequestBody,), {"config": config})
    app = connexion.FlaskApp(
        "charter",
        lifespan=lifetime,
        middlewares=[
            partial(StockEntrance, parser=parser, sender=sender, seconds=config.request_seconds),
            RoutingMiddleware,
            SecurityMiddleware,
            RequestValidationMiddleware,
            LifespanMiddleware,
            ContextMiddleware,
        ],
    )
    app.add_api(
        for_connexion(bundle),
        base_path="",
        resolver=Resolver(later_steps(executors)),
        security_map={"bearer": bearer},
        validator_map={"parameter": RequestParameters, "body": {"application/json": body}},
        swagger_ui_options=None,
    )
    return app


def _never(operation_id: str) -> Handler:
    """Return what Connexion registers on Flask in the compiled mode; the pages' list keeps it from ever running."""

    def unreachable() -> None:
        raise AssertionError(f"{operation_id} reached Flask")

    return unreachable


def build_stack(app: connexion.FlaskApp) -> None:
    """Have Connexion build its stack now: a stack built in the first request turns a refused start into 500s.

    Building awaits nothing, so it needs no event loop, and can be done where one runs already.
    """
    building = app({"type": "build"}, _unused, _unused)
    try:
        building.send(None)
    except StopIteration:
        return
    raise RuntimeError("Connexion waits for something while it builds its stack")


async def _unused(*_: object) -> NoReturn:
    raise AssertionError("nothing is received or sent while the stack is built")
