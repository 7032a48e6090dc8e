"""Every scenario measured: the packets agree with the objects, so the cause told first stays the scenario's own."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from netdoc.demo import assemble
from tests.calling import causes, netdoc, report

IDS = assemble.scenario_ids()
BROKEN = tuple(id_ for id_ in IDS if id_ != "healthy")
MEASURED = [one for at, one in enumerate(assemble.meta().routes) if at % 5 == 0 or one.target.startswith("svc/cache.")]
CONSENTS = ("--exec", "--port-forward")


@functools.cache
def measured(id_: str) -> tuple[dict[str, Any], int]:
    return report("diagnose", f"--demo={id_}", *CONSENTS)


def expected(id_: str) -> tuple[str, str, str, str]:
    cause = assemble.scenario(id_).cause
    assert cause is not None
    place = cause.object
    return cause.code, place["kind"], place.get("namespace", ""), place["name"]


def measurable(told: dict[str, Any]) -> bool:
    """Whether a pod stands for the source, and what it asks for is there: else nothing can be measured by exec."""
    absent = any(code.startswith("target.") for code, *_ in causes(told))
    return told["from"]["kind"] not in ("IP", "Internet") and not absent


@pytest.mark.parametrize("id_", BROKEN)
def test_the_cause_is_told_first_when_measured_too(id_: str) -> None:
    told, code = measured(id_)
    assert causes(told) == [expected(id_)], [(one["code"], one.get("explainedBy")) for one in told["findings"]]
    errors = [one for one in told["findings"] if one["severity"] == "error" and one["id"] not in told["rootCauses"]]
    assert all(one["explainedBy"] for one in errors)
    by_id = {one["id"]: one for one in told["findings"]}
    root = by_id[told["rootCauses"][0]]
    assert (told["status"], code) == (("fail", 1) if root["severity"] == "error" else ("warn", 0))
    assert told["basis"] == "measured" or not measurable(told)


@pytest.mark.parametrize(
    ("id_", "code", "vantage"),
    [
        ("policy-dns-forgotten", "dns.timeout", "exec:shop/client-"),
        ("dns-hosts-trap", "dns.servfail", "exec:shop/client-"),
        ("dns-nameserver-nobody", "dns.timeout", "exec:shop/client-"),
        ("dns-one-of-two", "dns.server-partial", "port-forward:kube-system/coredns-"),
        ("one-node-in-three", "service.endpoint-dead", "exec:shop/client-"),
        ("cni-down", "dns.timeout", "exec:shop/api-"),
        ("crash-loop-long-backoff", "pod.port-closed", "exec:shop/api-"),
    ],
)
def test_what_packets_show_of_it_is_folded_below(id_: str, code: str, vantage: str) -> None:
    told, _ = measured(id_)
    shown = next((one for one in told["findings"] if one["code"] == code), None)
    assert shown is not None, [one["code"] for one in told["findings"]]
    assert shown["explainedBy"]
    evidence = [one for one in told["evidence"] if one["id"] in shown["evidence"]]
    assert any(one["vantage"].startswith(vantage) and one["failures"] for one in evidence)


@pytest.mark.parametrize("route", MEASURED, ids=lambda route: f"{route.source}-{route.target}")
def test_a_documented_route_is_silent_when_measured_too(route: assemble.Route) -> None:
    told, code = report("diagnose", route.target, "--from", route.source, "--demo=healthy", *CONSENTS)
    assert (told["findings"], told["status"], code) == ([], "pass", 0), told["headline"]


def test_the_healthy_network_rests_on_packets() -> None:
    told, code = report("diagnose", "--demo=healthy", *CONSENTS, "--require-measured")
    assert (told["findings"], told["status"], told["basis"], code) == ([], "pass", "measured", 0)
    assert {one["vantage"] for one in told["evidence"]} <= {"snapshot"}


@pytest.mark.parametrize("consent", CONSENTS)
def test_what_is_measured_is_told_beforehand(consent: str) -> None:
    told = netdoc("diagnose", "--demo=healthy", consent, "-o", "json").err
    place = "exec:shop/client-" if consent == "--exec" else "port-forward:kube-system/coredns-"
    lines = [line for line in told.splitlines() if place in line]
    assert lines
    assert all("127.0.0.1:" in line and "netdoc/agent" in line for line in lines)
