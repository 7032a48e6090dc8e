"""What is shown, folded and left for later."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdoc.model.report import Report, ReportFinding, ReportHop
from netdoc.report import digest
from tests.report import reports
from tests.report.reports import SERVICE, hop, report


def finding(id: str, *explained_by: str) -> ReportFinding:
    return ReportFinding(
        id=id,
        code="service.no-ready-endpoint",
        severity="error",
        title=id,
        object=SERVICE,
        evidence=(),
        proven=True,
        explained_by=explained_by,
    )


def failing(*findings: ReportFinding) -> Report:
    roots = tuple(one.id for one in findings if not one.explained_by)
    return report(status="fail", headline="h", findings=findings, root_causes=roots)


def test_consequences_stand_nearest_first_below_their_cause() -> None:
    made = failing(finding("F4", "F3"), finding("F3", "F1"), finding("F1"), finding("F2", "F1"))
    (cause,) = digest.causes(made)
    assert [one.id for one in cause.consequences] == ["F3", "F2", "F4"]


def test_a_consequence_of_two_causes_is_told_once() -> None:
    first, second = digest.causes(failing(finding("F1"), finding("F2"), finding("F3", "F1", "F2")))
    assert [one.id for one in first.consequences] == ["F3"]
    assert second.consequences == ()


def test_causes_that_explain_each_other_end() -> None:
    loop = (finding("F1"), finding("F2", "F1", "F3"), finding("F3", "F2"))
    (cause,) = digest.causes(failing(*loop))
    assert [one.id for one in cause.consequences] == ["F2", "F3"]


@given(st.lists(st.tuples(st.integers(0, 9), st.lists(st.integers(0, 9), max_size=3)), unique_by=lambda one: one[0]))
def test_every_finding_is_shown_exactly_once(edges: list[tuple[int, list[int]]]) -> None:
    made = failing(*(finding(f"F{id}", *(f"F{cause}" for cause in causes)) for id, causes in edges))
    causes = digest.causes(made)
    shown = [one.id for cause in causes for one in (cause.finding, *cause.consequences)]
    shown += [one.id for one in digest.beside(made, causes)]
    assert sorted(shown) == sorted(one.id for one in made.findings)


def path(*hops: ReportHop) -> Report:
    return report(status="pass", headline="h", path=hops)


def test_the_path_stands_in_the_order_of_travel() -> None:
    made = path(
        hop("pod/a", "pass"),
        hop("endpoint/a", "pass", "pod/a"),
        hop("policy/p", "pass", between=("deployment/c", "service/s")),
        hop("service/s", "pass", "endpoint/a", "endpoint/b"),
        hop("endpoint/b", "pass"),
        hop("deployment/c", "pass", "service/s"),
    )
    assert [[one.id for one in fold.shown] for fold in digest.folds(made)] == [
        ["deployment/c"],
        ["policy/p"],
        ["service/s"],
        ["endpoint/a", "endpoint/b"],
        ["pod/a"],
    ]


def test_a_path_that_loops_or_leads_nowhere_is_shown_whole() -> None:
    made = path(
        hop("service/a", "pass", "service/b", "service/gone"), hop("service/b", "pass", "service/a", "service/b")
    )
    assert {one.id for fold in digest.folds(made) for one in fold.shown} == {"service/a", "service/b"}


def test_many_are_folded_and_counted() -> None:
    endpoints = next(fold for fold in digest.folds(reports.forty_endpoints()) if len(fold.shown) > 1)
    assert [one.status for one in endpoints.shown] == ["fail"] * digest.SHOWN
    assert endpoints.hidden == (("fail", 12 - digest.SHOWN), ("pass", 28))


def test_many_that_pass_leave_one_to_show_what_they_are() -> None:
    (fold,) = digest.folds(path(*(hop(f"pod/{number}", "pass") for number in range(40))))
    assert len(fold.shown) == 1
    assert fold.hidden == (("pass", 39),)


@given(st.lists(st.sampled_from(digest.WORST_FIRST), max_size=60))
def test_no_hop_is_lost_and_no_worse_one_hidden_behind_a_better(statuses: list[str]) -> None:
    made = path(*(hop(f"pod/{number}", status) for number, status in enumerate(statuses)))
    for fold in digest.folds(made):
        assert len(fold.shown) + sum(count for _, count in fold.hidden) == len(statuses)
        worst_hidden = min((digest.WORST_FIRST.index(status) for status, _ in fold.hidden), default=9)
        assert all(digest.WORST_FIRST.index(one.status) <= worst_hidden for one in fold.shown)


def test_what_makes_the_verdict_unknown_stands_first() -> None:
    assert [one.reason for one in digest.blind(reports.refused())] == ["forbidden", "timeout", "needs-consent"]


@pytest.mark.parametrize("make", reports.ALL, ids=lambda make: make.__name__)
def test_now_is_the_clusters(make: object) -> None:
    made = make()  # type: ignore[operator]
    assert digest.now(made) == made.run.input.now
    bare = msgspec.structs.replace(made.run, input=msgspec.structs.replace(made.run.input, now=None))
    assert digest.now(msgspec.structs.replace(made, run=bare)) == made.run.finished_at
