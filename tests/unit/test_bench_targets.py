"""What the bench makes of its rounds: a ratio beside its bound, which bounds are targets, what limited a server."""

import pytest

from tests.bench import report, targets
from tests.bench.driver import Measured
from tests.bench.shares import Shares, between
from tests.bench.works import GUESTS, NEEDED, SERVERS, Round

BUSY = Shares(server=0.97, driver=0.05, postgres=0.4, valkey=0.02, server_core=1.0, other_core=0.5)


def rounds_at(*rates: float, shares: Shares = BUSY) -> list[Round]:
    return [Round(Measured(rate, 1, 2, 3), shares) for rate in rates]


def lines_of(work: str, ours: list[Round], **theirs: list[Round]) -> dict[str, targets.Target]:
    names = {"hand": "hand-written", "fastapi": "FastAPI", "me": "Charter, me", "redis": "FastAPI, Redis"}
    found = targets.rate_targets({work: {"Charter": ours} | {names[name]: taken for name, taken in theirs.items()}})
    return {line.what: line for line in found}


def test_a_ratio_is_the_median_of_the_ratios_of_neighbouring_rounds_and_shows_their_spread() -> None:
    found = lines_of("list", rounds_at(10, 40, 90), fastapi=rounds_at(10, 10, 30))

    assert found["Charter : FastAPI"].measured == 3
    assert found["Charter : FastAPI"].spread == (1, 4)
    assert found["Charter : FastAPI"].by_server == 3
    assert "1.00 - 4.00" in report.targets_table(list(found.values()))[1]


def test_a_target_with_an_aim_shows_both_and_is_reached_without_the_aim() -> None:
    [line] = lines_of("me", rounds_at(45), hand=rounds_at(100)).values()

    assert line.reached
    assert report.targets_table([line])[1].endswith(">= 0.40 x (aim 0.50)  ok")


def test_what_is_only_expected_says_so_and_is_no_target_that_falls_short() -> None:
    lines = [*lines_of("search", rounds_at(9), fastapi=rounds_at(10)).values(), targets.start_target([0.9])]

    table = report.targets_table(lines)

    assert table[1].endswith("expected >= 1.00 x  less")
    assert report.summary(lines) == "All 1 targets are reached."
    assert report.summary(lines[:1]) == "None of these lines has a target."
    assert report.summary([targets.start_target([9.0])]).startswith("1 of 1 targets fall short: start: ")


def test_a_rival_that_was_left_out_is_named_and_no_target() -> None:
    rounds = {"me": {"Charter": rounds_at(45), "hand-written": rounds_at(100), "FastAPI": rounds_at(10)}}
    lines, missing = targets.rate_targets(rounds), targets.missing(rounds)

    assert {line.what for line in lines} == {"Charter : hand-written", "Charter : FastAPI"}
    assert report.summary(lines, missing).endswith("Not measured: me: Charter : better-auth.")


@pytest.mark.parametrize(
    ("shares", "limit"),
    [
        (Shares(0.95, 0.05, 0.9, 0.0, 1.0, 1.0), "the server"),
        (Shares(0.7, 0.6, 0.35, 0.0, 0.8, 1.0), "the driver"),
        (Shares(0.7, 0.05, 0.8, 0.1, 0.8, 1.0), "the database"),
        (Shares(0.5, 0.05, 0.3, 0.0, 1.0, 0.5), "other programs"),
        (Shares(0.5, 0.05, 0.3, 0.0, 0.6, 1.0), "other programs"),
        (Shares(0.5, 0.05, 0.3, 0.0, 0.6, 0.4), "waiting"),
    ],
)
def test_what_limited_a_server_follows_from_who_used_the_cores(shares: Shares, limit: str) -> None:
    assert shares.limit == limit


def test_a_line_warns_of_each_entrant_that_was_not_limited_by_its_server() -> None:
    waiting = Shares(0.7, 0.05, 0.8, 0.1, 0.8, 1.0)
    [line] = lines_of("me", rounds_at(45), hand=rounds_at(100, shares=waiting)).values()

    assert line.warnings == (
        "the limit of hand-written was not its server, which used 70% of a core, but the database",
    )
    assert report.targets_table([line])[2] == f"    ! {line.warnings[0]}"
    assert report.rates_table({"me": {"hand-written": rounds_at(100, shares=waiting)}})[1].endswith("the database")


def test_the_last_lines_say_when_other_programs_took_the_processor() -> None:
    disturbed = Shares(0.5, 0.05, 0.3, 0.0, 1.0, 0.5)

    assert report.disturbed({"me": {"Charter": rounds_at(1)}}) == ""
    assert report.disturbed({"me": {"Charter": rounds_at(1), "FastAPI": rounds_at(1, shares=disturbed)}}).startswith(
        "Other programs were the limit of 1 of 2 rows"
    )


def test_shares_are_differences_of_two_readings_by_the_time_between_them() -> None:
    shares = between((1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 10.0), (3.0, 2.5, 4.0, 4.0, 7.0, 8.0, 12.0))

    assert shares == Shares(1.0, 0.25, 0.5, 0.0, 1.0, 1.0)


def test_two_workers_are_compared_by_the_processor_time_of_a_response() -> None:
    one = [Round(Measured(1000, 1, 2, 3), Shares(0.9, 0, 0, 0, 1, 1))]
    two = [Round(Measured(1200, 1, 2, 3), Shares(1.2, 0, 0, 0, 1, 1))]

    line = targets.workers_target(one, two)

    assert line.measured == pytest.approx(1.8)
    assert line.reached


def test_a_client_is_judged_by_the_processor_time_of_its_calls() -> None:
    def alone(rate: float, share: float) -> Round:
        return Round(Measured(rate, 1, 2, 3), Shares(share, 0, 0, 0, share, share))

    mine, bare = alone(90, 0.9), alone(60, 0.5)
    names = ("package", "httpx", "package, async", "httpx, async", "package, Node", "fetch, Node")

    lines = targets.client_targets({"clients": dict(zip(names, ([mine], [bare]) * 3, strict=True))})

    assert [line.measured for line in lines] == pytest.approx([1.2] * 3)
    assert all(line.reached for line in lines)
    assert targets.client_targets({"me": {}}) == []


def test_every_line_is_about_a_work_and_its_entrants_and_every_entrant_has_a_server() -> None:
    entrants = {work: {*names, *(["bcrypt alone"] if work == "login" else [])} for work, names in NEEDED.items()}

    assert [line for line in targets.RATIOS if not {line.ours, line.theirs} <= entrants[line.work]] == []
    assert {server for names in NEEDED.values() for server in names.values()} == {*SERVERS, *GUESTS}
