"""The order and the limits of the page."""

from __future__ import annotations

import msgspec

from netdoc.model.report import NotChecked, Report, ReportFinding
from netdoc.report import render
from tests.report import reports


def headings(report: Report) -> list[str]:
    lines = render(report, "table").splitlines()
    return [line.split("  ")[0] for line in lines if line[:1].isupper()]


def test_the_cause_comes_before_the_path_and_the_rest_after_it() -> None:
    order = headings(reports.several_causes())
    assert order == ["CAUSE", "PATH", "CAUSE 2 of 2 (likely, not proven)", "ALSO SEEN", "CHECKS"]


def test_what_was_not_checked_takes_the_place_of_the_cause_where_that_is_the_verdict() -> None:
    assert headings(reports.refused())[:2] == ["NOT CHECKED", "PATH"]
    assert headings(reports.selector_typo()).index("NOT CHECKED") > headings(reports.selector_typo()).index("PATH")


def test_consequences_stand_below_their_cause_and_nowhere_else() -> None:
    text = render(reports.selector_typo(), "table", 120)
    assert text.count("has no endpoint at all") == 1
    assert text.index("because of this:") < text.index("has no endpoint at all") < text.index("PATH")


def test_what_helps_now_stands_before_what_repairs() -> None:
    text = render(reports.selector_typo(), "table")
    assert (
        text.index("  now ") < text.index("helm --kube-context") < text.index("  repair ") < text.index("patch service")
    )
    assert "Helm owns this object" in text


def test_changes_without_a_cause_are_told_too() -> None:
    causeless = msgspec.structs.replace(
        reports.selector_typo(), status="unknown", root_causes=(), findings=(), impact=None
    )
    text = render(causeless, "table")
    assert text.index("CHANGED LATELY") < text.index("selector app=web → app=wbe")


def test_long_lists_end_in_a_count() -> None:
    many = tuple(NotChecked(what=f"node/n{number}", reason="incomplete") for number in range(30))
    text = render(msgspec.structs.replace(reports.healthy(), not_checked=many), "table")
    assert "node/n11:" in text
    assert "node/n12:" not in text
    assert "18 more in -o json" in text


def test_a_long_detail_is_cut_by_lines() -> None:
    made = reports.several_causes()
    first = msgspec.structs.replace(made.findings[0], detail="\n".join(f"line {number}" for number in range(20)))
    text = render(msgspec.structs.replace(made, findings=(first, *made.findings[1:])), "table")
    assert "line 7\n" in text
    assert "line 8\n" not in text
    assert "12 more lines in -o json" in text


def test_a_hop_whose_name_is_too_long_has_its_summary_below() -> None:
    long = reports.hop("service/shop/" + "w" * 50, "fail", summary="it is broken")
    made = reports.report(status="fail", headline="h", path=(long, reports.hop("pod/a", "pass")))
    lines = render(made, "table", 80).splitlines()
    assert lines[lines.index(f"  ✗ FAIL     {long.id}") + 1].strip() == "it is broken"


def test_a_root_that_is_not_among_the_findings_costs_nothing_else() -> None:
    made = msgspec.structs.replace(reports.warnings_only(), root_causes=("F9", "F1"))
    assert "readiness probe" in render(made, "table")


def test_nothing_found_and_nothing_walked_is_still_a_page() -> None:
    assert render(reports.report(status="unknown", headline="no cluster"), "table").startswith(
        "? UNKNOWN  no cluster\n"
    )


def test_a_finding_beside_the_cause_shows_its_commands() -> None:
    made = reports.selector_typo()
    beside: ReportFinding = msgspec.structs.replace(made.findings[1], id="F8", severity="warning")
    text = render(msgspec.structs.replace(made, findings=(*made.findings, beside)), "table")
    assert "patch service web" in text[text.index("ALSO SEEN") :]
