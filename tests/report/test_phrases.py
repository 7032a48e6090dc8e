"""The words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from netdoc.model.change import Change
from netdoc.model.report import Impact, NotChecked, ReportEvidence
from netdoc.report import phrases
from tests.report.reports import NOW, SERVICE, healthy, hop, report


@pytest.mark.parametrize(
    ("what", "reason", "detail", "said"),
    [
        ("networkpolicies in shop", "forbidden", "", "may not list networkpolicies in shop"),
        ("secret/web-tls.shop", "forbidden", "", "may not read secret/web-tls.shop"),
        ("get pods/log in shop", "forbidden", "", "may not get pods/log in shop"),
        ("may not list pods", "forbidden", "", "may not list pods"),
        ("pods in shop", "timeout", "after 10 s", "pods in shop: no answer in time (after 10 s)"),
        ("pods in shop", "timeout", "no answer in time", "pods in shop: no answer in time"),
        ("node/a", "incomplete", "", "node/a: could be read only in part"),
    ],
)
def test_not_checked(what: str, reason: str, detail: str, said: str) -> None:
    assert phrases.not_checked(NotChecked(what=what, reason=reason, detail=detail)) == said  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s ago"), (119, "119 s ago"), (120, "2 min ago"), (7200, "2 h ago"), (172800, "2 d ago")],
)
def test_since(seconds: int, said: str) -> None:
    assert phrases.since(NOW - timedelta(seconds=seconds), NOW).endswith(f"Z ({said})")


def test_a_time_to_come_has_no_distance() -> None:
    assert phrases.since(NOW + timedelta(seconds=5), NOW) == phrases.utc(NOW + timedelta(seconds=5))


def test_a_tunnel_is_a_packet_and_crosses_no_path() -> None:
    asked = ReportEvidence(id="E1", kind="dns", vantage="port-forward:kube-system/coredns-0:53", at=NOW)
    told = phrases.basis(report(status="fail", headline="h", evidence=(asked,)))
    assert told.endswith("no packet crossed the path")
    assert phrases.basis(report(status="fail", headline="h")).endswith("no packet was sent")


def test_pass_reads_no_fault_found() -> None:
    assert phrases.verdict(healthy()).startswith("no fault")
    assert phrases.verdict(report(status="pass", headline="web answers")) == "no fault found: web answers"
    assert phrases.hop_summary(hop("service/a", "pass"), healthy()) == "no fault found"


def test_an_unknown_hop_never_reads_as_anything_else() -> None:
    assert phrases.hop_summary(hop("service/a", "unknown", summary="2 of 2 ready"), healthy()).startswith(
        "NOT CHECKED: "
    )


@pytest.mark.parametrize(
    ("impact", "said"),
    [
        (Impact(scope="all", failed=3, of=3), "all of it fails (3 of 3)"),
        (Impact(scope="part", failed=0, of=3), "a part fails (0 of 3)"),
        (Impact(scope="slow"), "it is slow"),
        (None, ""),
    ],
)
def test_impact(impact: Impact | None, said: str) -> None:
    assert phrases.impact(report(status="fail", headline="h", impact=impact)) == said


def test_changed_names_what_the_object_does_not_tell() -> None:
    change = Change(at=NOW, object=SERVICE, what="service", detail="selector changed")
    assert phrases.changed(change) == "service/web.shop: selector changed"
    assert phrases.changed(Change(at=NOW, object=SERVICE, what="scale", detail="")) == "scale of service/web.shop"
