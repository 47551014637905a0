"""What the bench makes of its rounds: a ratio beside its bound, and which bounds are targets."""

from tests.bench import report, targets
from tests.bench.driver import Measured
from tests.bench.works import NEEDED, Round


def rounds_at(*rates: float) -> list[Round]:
    return [Round(Measured(rate, 1, 2, 3), 1.0, 1.0) for rate in rates]


def test_a_ratio_is_the_median_of_the_ratios_of_neighbouring_rounds() -> None:
    rounds = {"list": {"Charter": rounds_at(10, 40, 90), "FastAPI, Redis": rounds_at(10, 10, 30)}}

    [line] = targets.rate_targets(rounds)

    assert (line.what, line.measured) == ("Charter : FastAPI, Redis", 3)


def test_what_is_only_expected_says_so_and_is_no_target_that_falls_short() -> None:
    rounds = {"cached": {"Charter": rounds_at(9), "FastAPI, Redis": rounds_at(10)}}
    lines = [*targets.rate_targets(rounds), targets.start_target([1.0])]

    table = report.targets_table(lines)

    assert table[1].endswith("expected >= 1.00 x  less")
    assert report.summary(lines) == "All 1 targets are reached."
    assert report.summary(lines[:1]) == "None of these lines has a target."
    assert report.summary([targets.start_target([9.0])]).startswith("1 of 1 targets fall short: start: ")


def test_a_client_is_judged_by_the_processor_time_of_its_calls() -> None:
    mine, bare = Round(Measured(90, 1, 2, 3), 0.9, 1.0), Round(Measured(60, 1, 2, 3), 0.5, 1.0)
    names = ("package", "httpx", "package, async", "httpx, async", "package, Node", "fetch, Node")

    lines = targets.client_targets({"clients": dict(zip(names, ([mine], [bare]) * 3, strict=True))})

    assert [(line.measured, line.reached) for line in lines] == [(1.2, True)] * 3
    assert targets.client_targets({"me": {}}) == []


def test_every_line_is_about_a_work_and_its_entrants() -> None:
    entrants = {work: {*names, *(["bcrypt alone"] if work == "login" else [])} for work, names in NEEDED.items()}
    lines = [*targets.RATIOS, *targets.EXPECTED]
    assert [line for line in lines if not {line[1], line[2]} <= entrants[line[0]]] == []
