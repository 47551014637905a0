"""The table of `make bench-scale`: what is divided, which case stands for its kind, when a bound is kept."""

import pytest

from app.pipeline.contract import OPENAPI
from app.spec.document import load
from app.spec.operation import operations
from tests.bench.scale.cases import LIST, SINGLE, Case, NothingToAsk, cases
from tests.bench.scale.measuring import Took
from tests.bench.scale.verdict import Line, broken, passed, slowest, summary, table
from tests.house.repository import ROOT


def line(small, large, *, asks="role", bound=2.0, path="/v1/users"):
    return Line(Case("list_users", asks, path, bound), Took(small, small / 2), Took(large, large / 2))


def test_the_ratio_is_that_of_the_whole_requests():
    assert line(2.0, 3.0).ratio == pytest.approx(1.5)


@pytest.mark.parametrize(("large", "bound", "kept"), [(4.0, 2.0, True), (4.1, 2.0, False), (40.0, None, True)])
def test_a_bound_is_kept_up_to_itself_and_where_there_is_none(large, bound, kept):
    measured = line(2.0, large, bound=bound)

    assert measured.is_met is kept
    assert passed([line(1.0, 1.0), measured]) is kept


def test_a_page_that_the_small_database_has_not_is_only_shown():
    measured = Line(Case("list_users", "role", "/v1/users", 2.0), Took(1.0, 1.0, rows=2), Took(9.0, 9.0, rows=20))

    assert measured.is_met
    assert slowest([line(1, 1), measured, line(1, 2)]) == [line(1, 2), measured]
    assert "1 shown only" in summary([measured])


def test_statistics_are_judged_by_their_time():
    quick, slow = (
        Line(Case("get_user_stats", "", "/v1/stats/users", None, most_ms=100.0), Took(1.0, 1.0), Took(large, 9.0))
        for large in (100.0, 101.0)
    )

    assert quick.is_met
    assert not slow.is_met
    assert "100 ms" in table([slow])[1]


def test_what_is_broken_is_told_case_by_case():
    assert broken([line(1, 1), line(2, 6)]) == [" 3.00 x  2.00 -> 6.00 ms  /v1/users"]


def test_the_worst_case_stands_for_its_kind():
    best, worst, other = line(1, 1), line(1, 3, path="/v1/users?sort=email"), line(1, 1, asks="status")

    assert slowest([best, worst, other]) == [worst, other]
    assert [words.split()[-1] for words in table([best, worst, other])[1:]] == ["/v1/users?sort=email", "/v1/users"]
    assert "BROKEN" in table([worst])[1]
    assert "BROKEN" not in table([other])[1]


def test_the_last_line_says_how_many_are_broken():
    assert summary([line(1, 1), line(1, 9, bound=None)]) == "1 cases judged, 1 shown only: every bound is met."
    assert "1 break their bound, /v1/users most, 3.0 x" in summary([line(1, 1), line(1, 3)])


def test_every_read_operation_of_the_document_is_asked():
    document = load(OPENAPI / "openapi.yaml")
    reads = {operation.body["operationId"]: operation for operation in operations(document) if operation.safe}
    asked = cases(document)

    assert {case.operation_id for case in asked} == reads.keys()
    for case in asked:
        bound = LIST if "x-paginated" in reads[case.operation_id].body else SINGLE
        assert case.bound in (bound, None)
        assert (case.most_ms is None) == ("stats" not in case.operation_id)


def test_a_document_that_lost_a_list_is_refused():
    with pytest.raises(NothingToAsk, match="list_users"):
        cases(load(ROOT / "tests" / "sample_contract" / "document" / "openapi.yaml"))
