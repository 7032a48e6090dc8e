"""What cannot be known, and what is only to be known beside a verdict."""

from __future__ import annotations

from typing import Any

import pytest

from netdoc.api import Finding, Gap
from netdoc.cluster import SnapshotCluster
from netdoc_checks.policy import CHECK
from tests.asking import ask
from tests.checks.endpoints.build import cluster, offer, pod, service
from tests.checks.policy.scene import (
    CLIENT,
    DNS_PODS,
    FROM_CLIENT,
    HTTP,
    LOOKUPS,
    WEB,
    Manifest,
    admin,
    agent,
    behind,
    client,
    doubts,
    egress,
    elsewhere,
    found,
    ingress,
    manifest,
    shop,
    told,
    web,
)

TO_WEB: Manifest = {"to": [{"podSelector": WEB}], "ports": [HTTP]}
EVERYONE: Manifest = {"namespaces": {}}
BY_BLOCK = ingress({"from": [{"ipBlock": {"cidr": "10.42.0.0/16"}}]})


async def one(code: str, *objects: Manifest, **asked: str) -> Finding:
    matching = [finding for finding in await found(*objects, **asked) if finding.code == code]
    assert len(matching) == 1
    return matching[0]


# Any caller


async def test_without_a_caller_an_isolated_destination_is_unknown() -> None:
    answer = await told(*shop(ingress({"from": [FROM_CLIENT]})), source="")
    assert (answer.status, answer.findings) == ("unknown", ())
    assert {(each.reason, each.blocking) for each in answer.unjudged} == {("no-source", True)}


@pytest.mark.parametrize("policies", [[], [ingress({})], [ingress(), ingress({"ports": [HTTP]}, name="open")]])
async def test_without_a_caller_what_admits_everybody_passes(policies: list[Manifest]) -> None:
    answer = await told(*shop(*policies), source="")
    assert (answer.status, answer.findings) == ("pass", ())


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        (ingress(), "policy.ingress-denied"),
        (ingress({"from": [FROM_CLIENT], "ports": [{"port": 1}]}), "policy.port-not-allowed"),
    ],
)
async def test_without_a_caller_what_admits_nobody_is_denied(policy: Manifest, code: str) -> None:
    answer = await told(*shop(policy), source="")
    assert (answer.status, {each.code for each in answer.findings}) == ("fail", {code})


# Other kinds, one priority, blocks


async def test_policies_of_the_plugins_own_kinds_leave_it_unknown_and_are_named() -> None:
    foreign = manifest(
        "crd.projectcalico.org/v1", "GlobalNetworkPolicy", "tight", "", spec={"selector": "app == 'web'", "ingress": []}
    )
    objects = shop(foreign)
    finding = await one("policy.unsupported-present", *objects)
    assert (finding.object.kind, finding.object.name) == ("GlobalNetworkPolicy", "tight")
    answer = await told(*objects)
    assert answer.status == "unknown"
    assert any("tight" in each.detail and each.blocking for each in answer.unjudged)


async def test_what_the_other_end_denies_is_certain_whatever_is_unknown() -> None:
    foreign = manifest("cilium.io/v2", "CiliumNetworkPolicy", "l7", spec={"endpointSelector": WEB, "ingress": [{}]})
    answer = await told(*shop(foreign, egress({"to": [DNS_PODS], "ports": LOOKUPS})))
    assert (answer.status, answer.roots[0].code) == ("fail", "policy.egress-denied")


async def test_two_admin_policies_of_one_priority_that_disagree_are_both_named() -> None:
    two = [
        admin("yes", ingress=[{"action": "Accept", "from": [EVERYONE]}]),
        admin("no", ingress=[{"action": "Deny", "from": [EVERYONE]}]),
    ]
    findings = await found(*shop(*two))
    assert {(each.code, each.object.name) for each in findings} == {
        ("policy.ambiguous-priority", "yes"),
        ("policy.ambiguous-priority", "no"),
    }
    assert (await told(*shop(*two))).status == "unknown"


async def test_a_block_that_lets_pods_in_depends_on_the_plugin() -> None:
    finding = await one("policy.ipblock-for-pods", *shop(BY_BLOCK))
    assert (finding.object.name, finding.proven) == ("np", False)
    assert (await told(*shop(BY_BLOCK))).status == "warn"
    assert await found(*shop(BY_BLOCK, agent("calico-node"))) == []
    assert {each.code for each in await found(*shop(BY_BLOCK, agent("cilium")))} == {"policy.ingress-denied"}
    both = ingress({"from": [{"ipBlock": {"cidr": "10.42.0.0/16"}}, FROM_CLIENT]})
    assert await found(*shop(both)) == []


async def test_a_policy_that_the_server_would_refuse_explains_what_it_would_have_let_in() -> None:
    wrong = ingress({"from": [{"ipBlock": {"cidr": "10.42.0.0/33"}}]}, name="wrong")
    answer = await told(*shop(ingress(), wrong))
    assert [(each.code, each.object.name) for each in answer.roots] == [("policy.invalid", "wrong")]
    assert "spec.ingress[0].from[0].ipBlock.cidr" in answer.roots[0].title


# Host networks


async def test_host_network_pods_are_outside_policies_and_that_is_said() -> None:
    host = client(ip="192.168.0.2", spec={"hostNetwork": True})
    finding = await one("policy.host-network-bypass", *shop(egress(), caller=host))
    assert (finding.object.name, finding.evidence[0].field) == ("client", "spec.hostNetwork")
    assert (await told(*shop(egress(), caller=host))).status == "pass"
    assert await found(*shop(egress())) != []


async def test_a_host_network_caller_is_its_nodes_address_to_others() -> None:
    host = client(ip="192.168.0.2", spec={"hostNetwork": True})
    denied = await found(*shop(ingress({"from": [FROM_CLIENT]}), caller=host))
    assert {each.code for each in denied} == {"policy.ingress-denied"}
    admitted = ingress({"from": [{"ipBlock": {"cidr": "192.168.0.2/32"}}]})
    assert await found(*shop(admitted, caller=host)) == []


# Lookups


async def test_lookups_over_tcp_that_are_forgotten_are_a_warning() -> None:
    rule = {"to": [DNS_PODS], "ports": LOOKUPS[:1]}
    answer = await told(*shop(egress(TO_WEB, rule)))
    assert [(each.code, each.severity) for each in answer.findings] == [("policy.dns-egress-denied", "warning")]
    assert answer.status == "warn"


async def test_lookups_over_udp_that_are_forgotten_are_an_error() -> None:
    rule = {"to": [DNS_PODS], "ports": LOOKUPS[1:]}
    answer = await told(*shop(egress(TO_WEB, rule)))
    assert [(each.code, each.severity) for each in answer.findings] == [("policy.dns-egress-denied", "error")]
    assert answer.roots[0].fix is not None


def cache() -> Manifest:
    labels = {"k8s-app": "node-local-dns"}
    return elsewhere(
        pod("node-local-dns-x", labels=labels, ip="192.168.0.2", node="node-b", spec={"hostNetwork": True})
    )


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        ([], [("policy.dns-egress-denied", "error", True)]),
        (["169.254.20.10/32"], [("policy.dns-egress-denied", "warning", False)]),
        (["169.254.20.10/32", "10.43.0.53/32"], []),
    ],
)
async def test_the_nodes_cache_is_asked_by_its_addresses(
    blocks: list[str], expected: list[tuple[str, str, bool]]
) -> None:
    rule = {"to": [DNS_PODS, *({"ipBlock": {"cidr": each}} for each in blocks)], "ports": LOOKUPS}
    answer = await told(*shop(egress(TO_WEB, rule), cache()))
    assert [(each.code, each.severity, each.proven) for each in answer.findings] == expected


@pytest.mark.parametrize("spec", [{"dnsPolicy": "Default"}, {"dnsPolicy": "None"}])
async def test_pods_with_another_resolver_are_not_asked_for_lookups(spec: Manifest) -> None:
    assert await found(*shop(egress(TO_WEB), caller=client(spec=spec))) == []


@pytest.mark.parametrize("target", ["pod/web-1.shop:8080", "10.42.0.7:8080"])
async def test_what_is_called_by_address_needs_no_lookup(target: str) -> None:
    assert await found(*shop(egress(TO_WEB)), target=target) == []


async def test_dns_as_the_target_is_told_as_dns() -> None:
    findings = await found(*shop(egress(TO_WEB)), target="svc/kube-dns.kube-system:53/udp")
    assert [each.code for each in findings] == ["policy.dns-egress-denied"]


# Several ports, both families, outside


async def test_of_several_ports_each_is_judged() -> None:
    pods = web()
    both = service("web", offer(80, 8080, "http"), offer(90, 9090, "metrics"))
    objects = [*behind(both, *pods), client(), ingress({"from": [FROM_CLIENT], "ports": [HTTP]})]
    findings = await found(*objects)
    assert [each.code for each in findings] == ["policy.port-not-allowed", "policy.port-not-allowed"]
    assert all("9090" in each.title for each in findings)
    assert await found(*objects, target="svc/web.shop:80") == []


async def test_a_family_that_is_denied_alone_is_named() -> None:
    pods = [pod("web-1", ip=("10.42.0.7", "fd00::7"))]
    dual = service(ipFamilies=["IPv4", "IPv6"], clusterIPs=["10.43.0.10", "fd00:43::10"])
    caller = client(ip=("10.42.1.9", "fd00::9"))
    policy = ingress({"from": [{"ipBlock": {"cidr": "10.42.0.0/16"}}]})
    findings = await found(*behind(dual, *pods), caller, policy, agent("calico-node"))
    assert [each.code for each in findings] == ["policy.ingress-denied"]
    assert "over IPv6" in findings[0].title


@pytest.mark.parametrize(("target", "denied"), [("203.0.113.9:443", True), ("198.51.100.9:443", False)])
async def test_addresses_outside_are_judged_by_the_callers_egress(target: str, denied: bool) -> None:
    policy = egress({"to": [{"ipBlock": {"cidr": "198.51.100.0/24"}}]})
    findings = await found(*shop(policy), target=target)
    assert [each.code for each in findings] == (["policy.egress-denied"] if denied else [])


async def test_somebody_outside_is_admitted_by_blocks_alone() -> None:
    assert await found(*shop(ingress({"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]})), source="internet") == []
    denied = await found(*shop(ingress({"from": [FROM_CLIENT]})), source="internet")
    assert [each.code for each in denied] == ["policy.ingress-denied", "policy.ingress-denied"]
    assert denied[0].fix is None


async def test_this_machine_has_no_address_that_blocks_could_be_held_against() -> None:
    policy = ingress({"from": [{"ipBlock": {"cidr": "198.51.100.0/24"}}]})
    assert await found(*shop(policy), source="here") == []
    assert [each.reason for each in await doubts(*shop(policy), source="here") if each.blocking] == ["no-source"] * 2


class Refusing:
    """A cluster whose kube-system may not be read."""

    def __init__(self, inner: SnapshotCluster) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def get(self, kind: Any, name: str, namespace: str = "") -> Any:
        if namespace == "kube-system":
            return Gap(what=f"get {kind.__name__} {name}", reason="forbidden", detail="may not")
        return await self._inner.get(kind, name, namespace)


@pytest.mark.parametrize(("policies", "status"), [([], "pass"), ([egress(TO_WEB)], "unknown")])
async def test_dns_that_may_not_be_read_is_unknown_to_isolated_callers_alone(
    policies: list[Manifest], status: str
) -> None:
    answer = await ask(CHECK, Refusing(cluster(*shop(*policies))), "svc/web.shop", CLIENT)  # type: ignore[arg-type]
    assert (answer.findings, answer.status) == ((), status)
