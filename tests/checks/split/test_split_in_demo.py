"""Split DNS through the command line, with packets on loopback: the embedded network's own names are right."""

from __future__ import annotations

import pytest

from tests.calling import causes, report

FROM = ("--from", "deploy/sonarr.media", "--exec", "--port-forward")


@pytest.mark.parametrize(
    "name",
    [
        "media.example.com",  # the load balancer's, inside and outside
        "www.example.com",  # an alias of it
        "registry.example.com",  # somebody else's
        "nas.office.example",  # a private address that is nobody's in the cluster
    ],
)
def test_a_name_that_is_right_is_silent(name: str) -> None:
    told, _ = report("check", "dns", f"https://{name}", *FROM, "--demo=healthy")
    assert [one["code"] for one in told["findings"] if one["code"].startswith("dns.")] == []
    assert not any("sees it" in one["what"] for one in told["notChecked"])


def test_a_name_that_nobody_has_is_no_matter_of_views() -> None:
    told, _ = report("check", "dns", "https://nothing.example.com", *FROM, "--demo=healthy")
    assert [cause[0] for cause in causes(told)] == ["dns.nxdomain"]


def test_both_views_are_evidence_when_measured() -> None:
    told, code = report("check", "dns", "--demo=dns-split-balancer-moved", "--exec")
    assert ([cause[0] for cause in causes(told)], code) == (["dns.stale-address"], 1)
    vantages = {one["vantage"].partition(":")[0]: one["observed"] for one in told["evidence"] if one["kind"] == "dns"}
    assert vantages["exec"].startswith("203.0.113.9 ")
    assert vantages["here"].startswith("203.0.113.10 ")


def test_a_resolver_that_is_none_is_said() -> None:
    told, _ = report("check", "dns", "https://media.example.com", *FROM, "--outside", "x", "--demo=healthy")
    details = [one["detail"] for one in told["notChecked"] if "outside sees it" in one["what"]]
    assert details == ["'x' is not the address of a resolver: give IP or IP:PORT"]
