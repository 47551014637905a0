"""`charter contract` finds each of seventy mistakes that are made in the server, and nothing without them."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from app.contract_kit.checks.catalogue import ALWAYS, NAMES
from tests.prove.mutants import access, exchange, stored
from tests.prove.mutants.mutant import Mutant
from tests.prove.mutants.runner import Runner, Verdict
from tests.servers import Servers, place_for_servers

MUTANTS = (*access.MUTANTS, *exchange.MUTANTS, *stored.MUTANTS)
_AT_ONCE = 2


def prove(place: Path) -> None:
    """Run the kit without a mutant, then with each, and print the table.

    MUTANTS in the environment chooses some by words of their names, with commas between them.
    """
    wanted = os.environ.get("MUTANTS", "").split(",")
    chosen = [mutant for mutant in MUTANTS if any(word in mutant.name for word in wanted)]
    assert chosen, f"no mutant has one of these words in its name: {', '.join(wanted)}"
    with place_for_servers() as folder:
        servers = Servers(folder)
        try:
            servers.start()
            servers.make_template()
            runner = Runner(servers, place)
            runs = {check: _only(check) for check in dict.fromkeys(mutant.check for mutant in chosen)}
            if len(chosen) == len(MUTANTS):
                runs["all checks"] = _only(*[name for name in NAMES if name != "fuzz"])
            _control(runner, runs)
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                verdicts = list(pool.map(lambda pair: _one(runner, *pair), enumerate(chosen, 1)))
        finally:
            servers.stop()
    pairs = zip(chosen, verdicts, strict=True)
    alive = [mutant.name for mutant, verdict in pairs if verdict.code != 1 or mutant.check not in verdict.checks]
    print(f"\n{len(chosen) - len(alive)} of {len(chosen)} mutants are killed")
    assert not alive, f"these survive: {'; '.join(alive)}"


def _control(runner: Runner, runs: dict[str, list[str]]) -> None:
    """Run without a mutant what is to find them: the kit with the same options, and with all checks."""
    verdicts = runner.run(0, None, *runs.values())
    for name, verdict in zip(runs, verdicts, strict=False):
        print(f"{f'no mutant: {name}':56} {_told(verdict)}", flush=True)
    wrong = [verdict.message for verdict in verdicts if verdict.code != 0]
    assert not wrong, f"without a mutant the kit says: {'; '.join(wrong)}"


def _one(runner: Runner, number: int, mutant: Mutant) -> Verdict:
    [verdict] = runner.run(number, mutant, ["--fail-fast", *_only(mutant.check)])
    print(f"{mutant.name:56} {_told(verdict)}", flush=True)
    return verdict


def _only(*checks: str) -> list[str]:
    """Return the options that run checks: what holds for all responses is seen by any, and the trail needs rows."""
    needed = set(checks) | ({"permissions"} if {"trail", *ALWAYS} & set(checks) else set())
    return [word for name in NAMES if name in needed for word in ("--only", name)]


def _told(verdict: Verdict) -> str:
    outcome = {0: "proven", 1: f"killed by {', '.join(verdict.checks)}"}.get(verdict.code, "not proven")
    return f"{outcome} in {verdict.seconds:.0f} s: {verdict.message[:110]}"
