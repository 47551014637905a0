"""Law 1: every operation is compiled with its authorization; only public ones have none."""

import ast
from collections.abc import Mapping

from app.clock import system_clock
from app.factory import build_redis_client, build_runtime
from app.mock.application import create_mock
from app.mock.configuration import MockOptions, read_config
from app.observability.metrics import Metrics
from app.pipeline.compile import compile_operations, compile_steps
from app.pipeline.contract import read_contract
from app.pipeline.operation import CompiledOperation
from tests.house.repository import files, shown
from tests.service import config_for

BEFORE_AUTHORIZATION = {"rate_limit", "parameters"}


def test_every_operation_that_is_not_public_is_authorized_before_its_handler_runs() -> None:
    config = config_for(DATABASE_URL="postgresql://127.0.0.1:1/none")
    contract, metrics = read_contract(config), Metrics()
    runtime = build_runtime(config, contract, build_redis_client(config, metrics), metrics, system_clock)

    compiled = compile_operations(contract.operations, runtime)
    assert compiled.keys() == contract.operations.keys()
    _check_authorized(compiled)


def test_the_mock_authorizes_the_same_operations() -> None:
    mock = create_mock(read_config({}, host="127.0.0.1", port=0), MockOptions())
    assert len(mock.operations) == len(
        read_contract(config_for(DATABASE_URL="postgresql://127.0.0.1:1/none")).operations
    )
    _check_authorized(mock.operations)


def _check_authorized(compiled: Mapping[str, CompiledOperation]) -> None:
    for name, operation in compiled.items():
        rooms = [getattr(step, "prepare", step).__module__.rpartition(".")[2] for step in operation.steps]
        assert "parameters" in rooms, name
        assert rooms.count("authorization") == (0 if operation.policy.public else 1), name
        if not operation.policy.public:
            assert set(rooms[: rooms.index("authorization")]) <= BEFORE_AUTHORIZATION, name
        assert rooms[-1] == "run_handler", name


def test_only_the_compilation_of_an_operation_chooses_its_steps() -> None:
    name = compile_steps.__name__
    calls = [
        f"{shown(path)}: {function.name}"
        for path in files("app/*.py", "charter/*.py", "handlers/*.py")
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Name | ast.Attribute) and name in (getattr(node, "id", ""), getattr(node, "attr", ""))
    ]
    assert calls == ["app/mock/compiling.py: _compile", "app/pipeline/compile.py: compile_operation"]
