"""Law 1: every operation is compiled with its authorization; only public ones have none."""

from app.clock import system_clock
from app.factory import build_redis_client, build_runtime
from app.observability.metrics import Metrics
from app.pipeline.compile import bind_operation, compile_operations, make_steps
from app.pipeline.contract import read_contract
from app.pipeline.order import BEFORE_THE_DATABASE, WITH_THE_DATABASE
from tests.service import config_for


def test_every_operation_that_is_not_public_is_authorized_before_its_handler_runs() -> None:
    config = config_for(DATABASE_URL="postgresql://127.0.0.1:1/none")
    contract, metrics = read_contract(config), Metrics()
    runtime = build_runtime(config, contract, build_redis_client(config, metrics), metrics, system_clock)

    assert compile_operations(contract.operations, runtime).keys() == contract.operations.keys()
    for matched in contract.operations.values():
        bound = bind_operation(matched, runtime)
        before, after = (
            [step.__name__ for step in make_steps(modules, bound)]
            for modules in (BEFORE_THE_DATABASE, WITH_THE_DATABASE)
        )
        assert before[-1].startswith("parameters"), matched.policy.operation_id
        assert ("authorization" in after) is not matched.policy.public, matched.policy.operation_id
        assert matched.policy.public or after[0] == "authorization"
        assert after[-1] in ("read", "write"), matched.policy.operation_id
