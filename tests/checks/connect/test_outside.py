"""Connections to what lies outside the cluster, and of a pod to itself through its own Service."""

from __future__ import annotations

from typing import Any

import pytest

from netdoc.api import kube
from tests.calling import netdoc
from tests.checks.connect.scene import WEB, Fake, Outcome, Question, answers, cluster, noerror, only, says, tried

HOST, SOURCE = "partner.example", "deploy/sonarr.media"
ONE, OTHER = "203.0.113.80", "203.0.113.81"  # never sent to: the vantage is a fake
OUTSIDE = f"external/{HOST}:443"


def resolving(question: Question, at: int) -> dict[str, Any]:
    return noerror(ONE) if question["name"].startswith(HOST) else answers(question, at)


async def outside(kind: str = "", dead: tuple[str, ...] = (ONE, OTHER), target: str = f"{HOST}:443") -> Outcome:
    fake = Fake(only(list(dead), kind), [ONE, OTHER], answers=resolving)
    return await tried(fake=fake, target=target, source=SOURCE)


async def test_what_answers_outside_is_silent() -> None:
    told = await outside()
    assert (told.codes, told.unjudged) == ([], ())


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("timeout", "external.unreachable"),
        ("unreachable", "external.unreachable"),
        ("rejected", "external.unreachable"),
        ("refused", "packet.refused"),
    ],
)
async def test_nothing_outside_answers(kind: str, code: str) -> None:
    told = await outside(kind)
    assert told.codes == [code]
    found = told.findings[0]
    assert (found.hops, found.object.kind, found.severity) == ((OUTSIDE,), "Deployment", "error")
    assert [one.attempts for one in found.evidence] == [3, 3]


async def test_one_of_two_addresses_outside_is_dead() -> None:
    told = await outside("refused", (OTHER,))
    assert told.codes == ["external.unreachable"]
    assert "at 1 of its 2 addresses" in told.findings[0].title
    assert ONE in told.findings[0].detail


async def test_an_address_of_a_family_that_the_pod_lacks_is_not_tried() -> None:
    """As any pod of a cluster with IPv4 alone meets any name that has an AAAA record too."""
    fake = Fake(only(["2001:db8::80"], "unreachable"), [ONE, "2001:db8::80"], answers=resolving)
    alone = cluster({"each": {"kind": "Pod", "namespace": "media", "with": {"status": {"podIPs": None}}}})
    told = await tried(fake=fake, target=f"{HOST}:443", source=SOURCE, on=alone)
    assert (told.codes, told.unjudged) == ([], ())


async def test_answers_of_a_container_that_are_no_addresses_are_not_tried() -> None:
    fake = Fake(only([], ""), [ONE, "$(reboot)", "fe80::1%eth0"], answers=resolving)
    assert (await tried(fake=fake, target=f"{HOST}:443", source=SOURCE)).codes == []


async def test_connections_to_the_outside_that_fail_now_and_then() -> None:
    fake = Fake(lambda address, at: "timeout" if at == 1 else "", [ONE], answers=resolving)
    told = await tried(fake=fake, target=f"{HOST}:443", source=SOURCE)
    assert told.codes == ["packet.loss"]
    assert told.findings[0].hops == (OUTSIDE,)


async def test_an_address_outside_is_tried_as_it_is() -> None:
    told = await outside("timeout", (ONE,), target=f"{ONE}:443")
    assert told.codes == ["external.unreachable"]


@pytest.mark.parametrize("target", [HOST, f"{HOST}:53/udp"])
async def test_where_there_is_no_connection_to_try_nothing_is_said_to_answer(target: str) -> None:
    told = await outside(target=target)
    assert told.codes == []
    assert [one.hop.partition("/")[0] for one in told.unjudged] == ["external"]
    assert not told.unjudged[0].blocking


async def test_policies_that_deny_an_address_which_only_the_lookup_shows() -> None:
    fake = Fake(only(["192.168.20.50"], "timeout"), ["192.168.20.50"], answers=resolving)
    told = await tried(fake=fake, target="nas.office.example:443", source=SOURCE)
    assert told.codes == ["policy.egress-denied"]
    assert "192.168.20.50 on 443/TCP, which is nas.office.example" in told.findings[0].title


async def test_the_clusters_own_load_balancer_is_named_and_no_policy_is_said_to_allow_it() -> None:
    fake = Fake(only(["203.0.113.10"], "timeout"), ["203.0.113.10"], answers=resolving)
    told = await tried(fake=fake, target="media.example.com:443", source=SOURCE)
    assert told.codes == ["external.unreachable"]
    assert told.findings[0].detail == "its address is that of service/traefik.traefik"


async def test_what_policies_keep_from_the_outside_is_not_also_unreachable() -> None:
    """Only the lookup shows that the name is the cluster's own load balancer's; the policies allow nothing out."""
    fake = Fake(only(["203.0.113.10"], "timeout"), ["203.0.113.10"], answers=resolving)
    told = await tried(fake=fake, target="shop.example.com:443", source="deploy/client.shop")
    assert "external.unreachable" in told.codes
    assert [one.code for one in told.roots] == ["policy.egress-denied"]


async def test_a_name_that_does_not_exist_is_not_also_unreachable() -> None:
    fake = Fake(name="not-found", answers=lambda question, at: says("NXDOMAIN"))
    told = await tried(fake=fake, target="nosuch.example:443", source=SOURCE)
    assert "external.unreachable" not in told.codes
    assert "dns.nxdomain" in told.codes


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("203.0.113.80:443", "--exec"), "pass"),
        (("203.0.113.80:443", "--port-forward"), "skip"),
        (("203.0.113.80:443",), "skip"),
        (("partner.example", "--exec"), "skip"),
        (("198.51.100.9:443", "--exec"), "fail"),
    ],
)
def test_a_hop_outside_is_lit_by_a_connection_alone(arguments: tuple[str, ...], status: str) -> None:
    report = netdoc("diagnose", *arguments, "--from", SOURCE, "--demo", "-o", "json").json
    assert [hop["status"] for hop in report["path"] if hop["kind"] == "external"] == [status]
    assert report["status"] == (status if status != "skip" else "unknown")


async def test_a_pod_that_does_not_reach_itself_through_its_own_service() -> None:
    """One replica, and it calls its own Service."""
    alone = cluster({"each": {"kind": "EndpointSlice", "namespace": "shop", "labels": LABEL, "with": await _first()}})
    told = await tried(only([WEB], "timeout"), on=alone, source="deploy/web.shop")
    assert told.of("packet.hairpin").proven


async def test_a_share_of_the_connections_to_ones_own_service_fails() -> None:
    """One of three endpoints is the caller itself: that it is the hairpin is a hint."""
    told = await tried(
        lambda address, at: "timeout" if address == WEB and at % 3 == 0 else "", source="deploy/web.shop", repeat=9
    )
    assert not told.of("packet.hairpin").proven


LABEL = {"kubernetes.io/service-name": "web"}


async def _first() -> dict[str, Any]:
    """The first endpoint of the Service as a patch that leaves it alone."""
    slices = await cluster().list(kube.EndpointSlice, "shop", labels="kubernetes.io/service-name=web")
    first = (slices.items[0].endpoints or ())[0]
    target = first.target_ref
    assert target is not None
    ref = {"kind": "Pod", "namespace": "shop", "name": target.name}
    return {"endpoints": [{"addresses": list(first.addresses), "conditions": {"ready": True}, "targetRef": ref}]}
