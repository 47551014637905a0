"""The engine floor: Charter's compiled gateway serving the bench document, each variant a factory for uvicorn.

The one operation stops at the token's signature: its pipeline is composed here, of the public parts, without
authorization, and runs on the event loop. In production neither is possible: `x-permission` always adds the
authorization, and `x-executor: loop` is for public operations alone.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from connexion import FlaskApp

from app.config import Config
from app.factory import build_app, build_process
from app.gateway.request import Request
from app.gateway.request_log import RequestLog
from app.observability import logging
from app.observability.metrics import Metrics
from app.pipeline.compile import bind_operation, compile_steps, make_steps
from app.pipeline.contract import read_contract
from app.pipeline.operation import CompiledOperation, MatchedOperation, Runtime
from app.pipeline.steps import parameters, run_handler

DOCUMENT = Path(__file__).parent / "document" / "openapi.yaml"


class NoRequestLog(RequestLog):
    """Records nothing."""

    def record(self, request: Request, status: int, started: float) -> None:
        """Neither log nor count."""


def logged() -> FlaskApp:
    """Return the floor with request log and metrics."""
    return _floor(RequestLog)


def bare() -> FlaskApp:
    """Return the floor without them."""
    return _floor(NoRequestLog)


def _floor(request_log: Callable[[Metrics], RequestLog]) -> FlaskApp:
    config = Config.from_environment(os.environ)
    logging.configure(config)
    contract = read_contract(config, document=DOCUMENT, handlers_package="tests.bench.handlers")
    process = build_process(config, contract)
    operations = {name: _on_the_loop(matched, process.runtime) for name, matched in contract.operations.items()}
    return build_app(config, contract, process, operations, request_log(process.metrics))


def _on_the_loop(matched: MatchedOperation, runtime: Runtime) -> CompiledOperation:
    """Return the operation with two steps, neither of which waits for anything."""
    matched = replace(matched, policy=replace(matched.policy, executor="loop"))
    bound = bind_operation(matched, runtime)
    return compile_steps(matched, runtime, make_steps([parameters, run_handler], bound), on_session_ended=None)
