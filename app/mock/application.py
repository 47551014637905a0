"""From the configuration to the application of the mock."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, cast

import flask
from a2wsgi import WSGIMiddleware
from starlette.routing import Mount, Router

from app.cache.limiter import Limiter
from app.clock import system_clock
from app.config import Config
from app.context.dependencies import Dependencies
from app.factory import audit_client_key, build_cursors, build_dependencies, build_executors, build_redis_client
from app.gateway.compiled import CompiledGateway
from app.gateway.cors import Cors
from app.gateway.executors import Executor
from app.gateway.request_log import RequestLog
from app.gateway.request_parser import RequestParser
from app.gateway.response_sender import ResponseSender
from app.mock.compiling import compile_operations
from app.mock.configuration import MockOptions
from app.mock.contract import MockContract, read_mock_contract
from app.mock.dependencies import MockDependencies
from app.mock.pages import add_mock_pages
from app.mock.people import PASSWORD, Seed, make_tables
from app.mock.state import State
from app.mock.tables import Tables
from app.mock.trail import event_writer
from app.observability.log_writer import flush
from app.observability.metrics import Metrics
from app.pages.flask_rules import register_pages
from app.pages.views import Pages
from app.pipeline.contract import OPENAPI
from app.pipeline.operation import CompiledOperation, Runtime
from app.project import Project
from app.services.health import Probes


@dataclass(frozen=True, slots=True)
class Mock:
    """A mock, ready to be served.

    Attributes:
        state: its rows.
        operations: those of its document, by operationId.
    """

    app: CompiledGateway
    state: State
    operations: Mapping[str, CompiledOperation]


def create_mock(
    config: Config,
    options: MockOptions,
    *,
    document: Path = OPENAPI / "openapi.yaml",
    project: Project | None = None,
    clock: Callable[[], datetime] = system_clock,
) -> Mock:
    """Build the application of the mock. It opens no connection to a database or to Redis.

    Args:
        document: the root file.
        project: adds its document to this one.

    Raises:
        DocumentError: with every fault of the document.
    """
    mocked = read_mock_contract(config, document, seed=options.seed, project=project)
    dependencies = _dependencies(config, options, mocked, clock)
    metrics, executors = Metrics(), build_executors(config)
    runtime = Runtime(
        dependencies=dependencies,
        probes=Probes(database=lambda: True, cache=lambda: True),
        limiter=Limiter(build_redis_client(config, None)),
        cursors=build_cursors(config),
        audit_client_key=audit_client_key(config),
        write_event=event_writer(dependencies.state, clock),
    )
    contract = mocked.contract
    operations = compile_operations(contract.operations, runtime)
    parser = RequestParser(operations.values(), config=config, tokens=dependencies.access_tokens, clock=clock)
    sender = ResponseSender(Cors(config), RequestLog(metrics))
    flask_app = flask.Flask("charter", static_folder=None)
    pages = Pages(contract.published, contract.published_policies, config, metrics)
    register_pages(flask_app, pages, config=config, clock=clock)
    add_mock_pages(flask_app, dependencies.state)
    mounted: Any = WSGIMiddleware(cast("Any", flask_app))
    # Without Connexion around it, which would check the document once more: a quarter of the time of a start.
    app = CompiledGateway(
        Router([Mount("/", mounted)], lifespan=partial(_lifespan, executors)),
        parser=parser,
        sender=sender,
        executors=executors,
        config=config,
    )
    return Mock(app, dependencies.state, operations)


def _dependencies(
    config: Config, options: MockOptions, mocked: MockContract, clock: Callable[[], datetime]
) -> MockDependencies:
    contract = mocked.contract
    services = build_dependencies(
        config, contract.permissions, contract.setting_declarations, clock=clock, tags=contract.cached_tags
    )
    seed = Seed(
        permissions=mocked.permissions,
        path_examples=mocked.path_examples,
        password_hash=services.passwords.hash(PASSWORD),
        key_id=services.refresh_tokens.current_key_id,
        number=options.seed,
        accounts=options.accounts,
        clock=clock,
    )

    def first_tables() -> Tables:
        tables = make_tables(seed)
        tables.items.update(mocked.items)
        return tables

    return MockDependencies(
        **{item.name: getattr(services, item.name) for item in fields(Dependencies)},
        state=State(first_tables, max_rows=options.max_rows),
        examples=mocked.examples,
        max_delay=options.max_delay,
    )


@asynccontextmanager
async def _lifespan(executors: Mapping[str, Executor], _app: Any) -> AsyncIterator[None]:
    yield
    for executor in executors.values():
        executor.close()
    flush()
