"""Each code where it belongs, on the right object, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from netdoc_checks.policy import CHECK
from tests.checks.policy.scene import (
    DNS_PODS,
    FROM_CLIENT,
    HTTP,
    LOOKUPS,
    NAME,
    WEB,
    Manifest,
    admin,
    agent,
    client,
    egress,
    found,
    ingress,
    np,
    shop,
    told,
    web,
)

HERE = Path(__file__).parent
TABLES = "".join(path.read_text() for path in sorted(HERE.glob("test_*.py")))
TO_WEB: Manifest = {"to": [{"podSelector": WEB}], "ports": [HTTP]}
TO_DNS: Manifest = {"to": [DNS_PODS], "ports": LOOKUPS}
WEB_PODS: Manifest = {"namespaceSelector": {}, "podSelector": WEB}
EVERYONE: Manifest = {"namespaces": {}}
TRAEFIK = {"app.kubernetes.io/name": "traefik"}

CASES: list[tuple[str, str, list[Manifest]]] = [
    ("policy.ingress-denied", "web-1", [ingress()]),
    ("policy.ingress-denied", "web-1", [ingress({"from": [{"podSelector": {"matchLabels": {"app": "other"}}}]})]),
    ("policy.ingress-denied", "web-1", [ingress({"from": [{"namespaceSelector": {"matchLabels": {"team": "x"}}}]})]),
    (
        "policy.ingress-denied",
        "web-1",
        [ingress({"from": [{"namespaceSelector": {"matchLabels": {NAME: "other"}}, **FROM_CLIENT}]})],
    ),
    # policyTypes left out: an egress rule isolates for ingress too.
    ("policy.ingress-denied", "web-1", [np(egress=[{}])]),
    (
        "policy.ingress-denied",
        "web-1",
        [ingress({"from": [{"ipBlock": {"cidr": "10.42.0.0/16", "except": ["10.42.1.0/24"]}}]})],
    ),
    ("policy.egress-denied", "client", [egress(TO_DNS)]),
    # A rule for lookups that names nobody admits everybody on 53: it says nothing of other ports.
    ("policy.egress-denied", "client", [egress({"ports": LOOKUPS})]),
    ("policy.port-not-allowed", "web-1", [ingress({"from": [FROM_CLIENT], "ports": [{"port": 9090}]})]),
    ("policy.port-not-allowed", "web-1", [ingress({"from": [FROM_CLIENT], "ports": [{**HTTP, "protocol": "UDP"}]})]),
    ("policy.port-not-allowed", "web-1", [ingress({"ports": [{"port": 8000, "endPort": 8079}]})]),
    ("policy.port-not-allowed", "client", [egress(TO_DNS, {"to": [{"podSelector": WEB}], "ports": [{"port": 81}]})]),
    ("policy.named-port-unresolved", "web-1", [ingress({"from": [FROM_CLIENT], "ports": [{"port": "web"}]})]),
    ("policy.named-port-unresolved", "web-1", [ingress({"ports": [{"port": "http", "protocol": "UDP"}]})]),
    ("policy.service-port-confused", "web-1", [ingress({"from": [FROM_CLIENT], "ports": [{"port": 80}]})]),
    ("policy.service-port-confused", "client", [egress(TO_DNS, {**TO_WEB, "ports": [{"port": 80}]})]),
    ("policy.dns-egress-denied", "client", [egress(TO_WEB)]),
    ("policy.admin-denied", "web-1", [admin(ingress=[{"action": "Deny", "from": [EVERYONE]}])]),
    ("policy.admin-denied", "client", [admin(egress=[{"action": "Deny", "to": [{"pods": WEB_PODS}]}])]),
    ("policy.baseline-denied", "web-1", [admin(tier="Baseline", ingress=[{"action": "Deny", "from": [EVERYONE]}])]),
]  # fmt: skip


@pytest.mark.parametrize(("code", "name", "policies"), CASES)
async def test_a_denial_is_told_by_its_most_specific_code(code: str, name: str, policies: list[Manifest]) -> None:
    answer = await told(*shop(*policies))
    assert [(one.code, one.object.name) for one in answer.roots][:1] == [(code, name)]
    first = answer.roots[0]
    assert (first.severity, first.proven, answer.status) == ("error", True, "fail")
    assert first.hops[0].startswith("policy/")
    assert first.evidence[0].kind == "policy"
    assert (first.evidence[0].field or "").startswith("spec.")
    assert first.fix is not None
    assert all("kubectl --context test" in command for command in first.fix.commands)


@pytest.mark.parametrize(
    "policies",
    [
        [],
        [ingress({"from": [FROM_CLIENT], "ports": [HTTP]})],
        [ingress({"from": [FROM_CLIENT], "ports": [{"port": "http"}]})],
        [ingress({})],
        [ingress(), ingress({"from": [FROM_CLIENT]}, name="second")],
        [np("deny", {}, policyTypes=["Ingress", "Egress"]), ingress({"from": [FROM_CLIENT]}), egress(TO_WEB, TO_DNS)],
        [ingress(select={"matchLabels": {"app": "other"}})],
        [egress(TO_WEB, {"ports": LOOKUPS})],
        [admin(ingress=[{"action": "Accept", "from": [EVERYONE]}]), ingress(select={"matchLabels": {"app": "none"}})],
        [admin(tier="Baseline", ingress=[{"action": "Deny", "from": [EVERYONE]}]), ingress({})],
        [ingress(namespace="kube-system", select={"matchLabels": {"app": "web"}})],
    ],
)
async def test_what_is_allowed_is_silent(policies: list[Manifest]) -> None:
    answer = await told(*shop(*policies))
    assert ([one.code for one in answer.findings], answer.status) == ([], "pass")


async def test_isolated_replicas_of_one_workload_are_one_finding() -> None:
    owner = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "uid": "u", "controller": True}
    pods = web()
    for one in pods:
        one["metadata"]["ownerReferences"] = [owner]
    findings = await found(*shop(ingress(), pods=pods))
    assert [(one.code, one.object.kind, one.object.name) for one in findings] == [
        ("policy.ingress-denied", "StatefulSet", "web")
    ]
    assert sum(hop.startswith("endpoint/") for hop in findings[0].hops) == 2


async def test_one_of_two_endpoints_that_is_isolated_is_told_alone() -> None:
    only = ingress(
        {"from": [{"podSelector": {"matchLabels": {"app": "no"}}}]}, select={"matchLabels": {"track": "new"}}
    )
    findings = await found(*shop(only, pods=web(track="new")))
    assert [one.object.name for one in findings] == ["web-2"]
    assert [hop for hop in findings[0].hops if hop.startswith("endpoint/")] == ["endpoint/shop/web-2:8080"]


async def test_both_ends_that_deny_are_both_told_and_the_callers_first() -> None:
    answer = await told(*shop(ingress(), egress(TO_DNS)))
    assert [one.object.name for one in answer.roots] == ["client", "web-1", "web-2"]
    assert [one.code for one in answer.roots] == ["policy.egress-denied", *["policy.ingress-denied"] * 2]


async def test_who_may_send_nothing_may_look_up_nothing() -> None:
    answer = await told(*shop(egress()))
    assert [one.code for one in answer.roots] == ["policy.egress-denied"]
    assert {one.code for one in answer.findings} == {"policy.egress-denied", "policy.dns-egress-denied"}


async def test_every_isolating_policy_is_in_the_evidence_and_the_nearest_rule_first() -> None:
    near = ingress({"from": [FROM_CLIENT], "ports": [{"port": 1}]}, name="near")
    findings = await found(*shop(ingress(name="deny"), near))
    assert [(one.object.name if one.object else "", one.field) for one in findings[0].evidence] == [
        ("near", "spec.ingress[0].ports"),
        ("deny", "spec.ingress"),
    ]


@pytest.mark.parametrize("side", ["ingress", "egress"])
async def test_an_ingress_controller_has_a_code_of_its_own(side: str) -> None:
    one = ingress() if side == "ingress" else egress(TO_DNS)
    answer = await told(*shop(one, caller=client(labels=TRAEFIK)))
    assert answer.roots[0].code == "policy.ingress-controller-denied"
    assert answer.roots[0].object.name == ("web-1" if side == "ingress" else "client")


@pytest.mark.parametrize(
    ("plugin", "words", "proven"),
    [("calico-node", "timeout", True), ("kube-router", "refused connection", True), ("kube-flannel", "", False)],
)
async def test_what_callers_see_is_the_plugins_way(plugin: str, words: str, proven: bool) -> None:
    findings = {one.code: one for one in await found(*shop(ingress(), agent(plugin)))}
    assert words in findings["policy.ingress-denied"].detail
    assert findings["policy.ingress-denied"].proven is proven
    assert ("policy.not-enforced" in findings) is not proven


def test_every_code_is_looked_for() -> None:
    codes = [code if isinstance(code, str) else code.code for code in CHECK.codes]
    assert [code for code in codes if f'"{code}"' not in TABLES] == []
