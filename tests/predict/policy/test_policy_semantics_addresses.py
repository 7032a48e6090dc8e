"""Blocks, nodes, phases and families: points 24 to 39 of the semantics that evaluators get wrong."""

import pytest
from small import TRIO, A, B, ask, block, build, from_, namespace, node, np, pod, pods, service, spaces, to, verdict

from netdoc.predict.policy import lint, plugin

NODES = [node("n1", "172.16.0.1"), node("n2", "172.16.0.2")]
HOST = pod("x/host", {"app": "h"}, "172.16.0.1", node="n1", host=True)


@pytest.mark.parametrize(("mode", "expected"), [("match", True), ("ignore", False)])
def test_24_whether_a_block_matches_pods_is_a_mode(mode, expected):
    policies = build(np(egress=[to(block("10.0.0.0/24"))], policyTypes=["Egress"]), ipblock_pods=mode)
    assert ask(policies, "x/a", "y/c") is expected
    assert ask(policies, "x/a", "10.0.0.200") is True


def test_24_matching_is_the_default_and_is_flagged():
    policies = build(np(egress=[to(block("10.0.0.0/24"))], policyTypes=["Egress"]))
    assert ask(policies, "x/a", "y/c") is True
    assert "policy.ipblock-for-pods" in {one.code for one in lint(policies)}


def test_25_except_carves_out_of_its_own_block_only():
    wide, narrow = (
        np("wide", egress=[to(block("10.0.0.0/24", "10.0.0.3/32"))]),
        np("narrow", egress=[to(pods(app="b"), block("10.0.0.3/32"))]),
    )
    assert ask(build(wide), "x/a", "y/c") is False
    assert ask(build(wide, narrow), "x/a", "y/c") is True


@pytest.mark.parametrize("cut", ["10.0.0.0/24", "10.1.0.0/25", "10.0.0.0/16", "fd00::/64"])
def test_25_except_must_be_a_strict_subset(cut):
    refused = build(np(egress=[to(block("10.0.0.0/24", cut))])).refused
    assert refused[0].problems[0].path == "spec.egress[0].to[0].ipBlock.except[0]"


def test_26_a_block_of_a_cluster_address_is_judged_on_the_backend_and_flagged():
    policies = build(np(egress=[to(block("10.96.0.10/32"))], policyTypes=["Egress"]))
    assert ask(policies, "x/a", "x/b") is False
    found = lint(policies, [service("x/web", {"app": "b"}, {"port": 80}, ip="10.96.0.10")])
    assert [one.path for one in found if one.code == "policy.peer-matches-nothing"] == ["spec.egress[0].to[0]"]


def test_27_a_pod_and_its_own_node_always_reach_each_other():
    policies = build(np(policyTypes=["Ingress", "Egress"]), nodes=NODES)
    found = verdict(policies, "n1", "x/a")
    assert (found.allowed, found.ingress.why) == (True, "own-node")
    assert ask(policies, "x/a", "n1") is True
    assert ask(policies, "172.16.0.1", "x/a") is True
    assert ask(policies, "n2", "x/a") is False
    assert ask(policies, "x/a", "n2") is False


def test_28_host_network_pods_are_no_subject_and_no_peer_but_their_nodes_address():
    everything = np(policyTypes=["Ingress", "Egress"])
    policies = build(everything, cluster=[B, HOST], nodes=NODES)
    assert verdict(policies, "192.0.2.1", "x/host").ingress.why == "no-subject"
    assert ask(build(np(ingress=[from_(pods(app="h"))]), cluster=[B, HOST], nodes=NODES), "x/host", "x/b") is False
    assert ask(build(np(ingress=[from_({"namespaceSelector": {}})]), cluster=[B, HOST]), "x/host", "x/b") is False
    assert ask(build(np(ingress=[from_(block("172.16.0.1/32"))]), cluster=[B, HOST]), "x/host", "x/b") is True
    ignoring = build(np(ingress=[from_(block("172.16.0.1/32"))]), cluster=[B, HOST], ipblock_pods="ignore")
    assert ask(ignoring, "x/host", "x/b") is True


def test_29_a_host_network_pod_reaches_an_isolated_pod_of_its_node():
    policies = build(np(policyTypes=["Ingress"]), cluster=[A, B, HOST])
    assert ask(policies, "x/host", "x/a") is True
    assert ask(policies, "x/host", "x/b") is False


def test_30_a_pod_cannot_block_itself_but_its_replicas_are_others():
    twin = pod("x/a2", {"app": "a"}, "10.0.0.11", node="n2")
    policies = build(np(policyTypes=["Ingress", "Egress"]), cluster=[A, twin])
    assert verdict(policies, "x/a", "x/a").ingress.why == "own-address"
    assert ask(policies, "x/a", "x/a") is True
    assert ask(policies, "x/a", "x/a2") is False


def test_31_replies_are_never_evaluated():
    policies = build(
        np("in", ingress=[from_(pods(app="a"))]),
        np("out", policyTypes=["Egress"], podSelector={"matchLabels": {"app": "b"}}),
    )
    assert ask(policies, "x/a", "x/b") is True
    assert ask(policies, "x/b", "x/a") is False


def test_32_a_verdict_is_about_new_connections_and_depends_on_the_set_alone():
    before, after = build(np(ingress=[{}])), build(np())
    assert (ask(before, "x/a", "x/b"), ask(after, "x/a", "x/b"), ask(before, "x/a", "x/b")) == (True, False, True)


def test_33_other_protocols_are_unknown_where_a_policy_selects_the_pod():
    policies = build(np(ingress=[{}]))
    found = verdict(policies, "y/c", "x/a", 1, "ICMP")
    assert found.allowed is None
    assert "network plugin" in found.reason
    assert ask(policies, "x/a", "y/c", 1, "ICMP") is True


def test_34_every_container_of_a_pod_is_covered_alike():
    init = [{"name": "setup", "ports": []}]
    policies = build(np(policyTypes=["Egress"]), cluster=[pod("x/i", {}, "10.0.0.7", init=init), B])
    assert ask(policies, "x/i", "x/b") is False


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_35_finished_pods_are_no_subject_and_no_peer_though_they_keep_their_address(phase):
    done = pod("x/done", {"app": "a"}, "10.0.0.3", phase=phase)
    live = pod("y/live", {"app": "live"}, "10.0.0.3")
    policies = build(np(ingress=[from_(pods(app="a"))]), cluster=[B, live, done])
    assert ask(policies, "10.0.0.3", "x/b") is False
    assert policies.address("10.0.0.3").id == "y/live"
    found = verdict(policies, "x/done", "x/b")
    assert found.allowed is None
    assert "finished" in found.reason


def test_36_a_pod_without_an_address_is_selected_and_blocks_are_unknown():
    pending = pod("x/new", {"app": "new"}, phase="Pending")
    by_label = build(np(ingress=[from_(pods(app="new"))]), cluster=[B, pending])
    assert ask(by_label, "x/new", "x/b") is True
    assert ask(by_label, "x/b", "x/new") is False
    by_block = build(np(ingress=[from_(block("10.0.0.0/8"))]), cluster=[B, pending])
    found = verdict(by_block, "x/new", "x/b")
    assert found.allowed is None
    assert "address" in found.reason
    assert ask(build(np(ingress=[from_(block("0.0.0.0/0"))]), cluster=[B, pending]), "x/new", "x/b") is True


def test_37_verdicts_are_per_family():
    dual = [
        pod("x/a", {"app": "a"}, ips=["10.0.0.1", "fd00::1"]),
        pod("x/b", {"app": "b"}, ips=["10.0.0.2", "fd00::2"]),
    ]
    policies = build(np(ingress=[from_(block("0.0.0.0/0"))]), cluster=dual)
    found = verdict(policies, "x/a", "x/b")
    assert {one.family: one.allowed for one in found.families} == {4: True, 6: False}
    assert found.allowed is None
    assert found.reason == "IPv4 is allowed, IPv6 is denied"
    assert ask(policies, "10.0.0.1", "10.0.0.2") is True
    assert ask(policies, "fd00::1", "fd00::2") is False
    assert ask(build(np(ingress=[from_(block("0.0.0.0/0"), block("::/0"))]), cluster=dual), "x/a", "x/b") is True


def test_38_nothing_outside_is_a_subject():
    policies = build(np(policyTypes=["Ingress", "Egress"], egress=[{}]))
    inward = verdict(policies, "192.0.2.1", "y/c")
    assert (inward.allowed, inward.egress.why) == (True, "no-subject")
    outward = verdict(policies, "x/a", "192.0.2.1")
    assert (outward.allowed, outward.ingress.why) == (True, "no-subject")


def test_39_plugins_that_enforce_nothing_are_known():
    assert plugin("flannel").on_deny == "none"
    assert plugin("kube-router").on_deny == "reject"
    assert plugin("cilium").blocks_match_pods is False


def test_namespaces_that_could_not_be_read_leave_only_what_their_name_decides():
    by_team = build(np(ingress=[from_(spaces(team="red"))]), namespaces=None)
    assert ask(by_team, "y/c", "x/b") is None
    by_name = build(np(ingress=[from_(spaces(**{"kubernetes.io/metadata.name": "y"}))]), namespaces=None)
    assert ask(by_name, "y/c", "x/b") is True
    assert ask(by_name, "x/a", "x/b") is False
    read = build(np(ingress=[from_(spaces(team="red"))]), namespaces=[namespace("y", team="red")], cluster=TRIO)
    assert ask(read, "y/c", "x/b") is True
