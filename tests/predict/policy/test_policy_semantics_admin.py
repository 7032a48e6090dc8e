"""The administrator's tiers: points 40 to 49 of the semantics that evaluators get wrong."""

import msgspec
import pytest
from small import EVERYBODY, TRIO, A, anp, ask, banp, build, cnp, from_, namespace, node, np, pod, pods, verdict

from netdoc.model.kube import LabelSelector, ObjectRef
from netdoc.predict.policy import ForeignPolicy, lint


def rule(action, word="from", *peers, **more):
    return {"action": action, word: list(peers) or [EVERYBODY], **more}


DENY, ACCEPT, PASS = rule("Deny"), rule("Accept"), rule("Pass")


def test_40_admin_comes_before_networkpolicy_before_baseline():
    admit, deny = np(ingress=[{}]), np()
    assert ask(build(cnp("d", ingress=[DENY]), admit), "y/c", "x/b") is False
    assert ask(build(cnp("a", ingress=[ACCEPT]), deny), "y/c", "x/b") is True
    assert ask(build(cnp("b", "Baseline", ingress=[DENY]), admit), "y/c", "x/b") is True
    assert ask(build(cnp("b", "Baseline", ingress=[DENY])), "y/c", "x/b") is False


def test_40_lower_numbers_come_first_and_rules_in_their_order():
    low, high = cnp("low", priority=1, ingress=[ACCEPT]), cnp("high", priority=2, ingress=[DENY])
    assert ask(build(high, low), "y/c", "x/b") is True
    found = verdict(build(cnp("p", ingress=[DENY, ACCEPT])), "y/c", "x/b")
    assert found.allowed is False
    assert (found.ingress.decision.tier, found.ingress.decision.rule) == ("Admin", 0)
    assert found.ingress.decision.path == "spec.ingress[0].from[0]"


def test_41_there_is_no_implicit_isolation():
    policies = build(cnp("d", ingress=[rule("Deny", "from", {"namespaces": {"matchLabels": {"team": "none"}}})]))
    found = verdict(policies, "y/c", "x/b")
    assert (found.allowed, found.ingress.why) == (True, "default")


def test_42_pass_leaves_its_own_tier_only():
    passing = cnp("pass", priority=1, ingress=[PASS])
    denying = cnp("deny", priority=2, ingress=[DENY])
    assert ask(build(passing, denying), "y/c", "x/b") is True
    assert ask(build(passing, denying, np()), "y/c", "x/b") is False
    assert ask(build(passing, denying, cnp("base", "Baseline", ingress=[DENY])), "y/c", "x/b") is False
    base = [cnp("first", "Baseline", 1, ingress=[PASS]), cnp("then", "Baseline", 2, ingress=[DENY])]
    assert ask(build(*base), "y/c", "x/b") is True


def test_43_a_networkpolicy_that_isolates_is_final_in_its_direction():
    base = cnp("base", "Baseline", ingress=[ACCEPT], egress=[rule("Deny", "to")])
    policies = build(np(policyTypes=["Ingress"], ingress=[from_(pods(app="a"))]), base)
    assert ask(policies, "y/c", "x/b") is False
    assert ask(policies, "x/a", "x/b") is False
    assert verdict(policies, "x/a", "x/b").egress.decision.tier == "Baseline"


def test_44_accepting_egress_does_not_open_the_destinations_ingress():
    policies = build(cnp("out", egress=[rule("Accept", "to")]), np())
    found = verdict(policies, "y/c", "x/b")
    assert found.allowed is False
    assert found.egress.decision.action == "Accept"
    assert found.ingress.why == "isolated"


def test_45_networks_match_pods_too():
    deny = cnp("d", egress=[rule("Deny", "to", {"networks": ["0.0.0.0/0"]})])
    assert ask(build(deny), "x/a", "x/b") is False
    assert ask(build(deny, ipblock_pods="ignore"), "x/a", "x/b") is True
    old = anp("d", egress=[rule("Deny", "to", {"networks": ["10.0.0.2/32"]})])
    assert ask(build(old), "x/a", "x/b") is False


def test_46_protocols_left_out_mean_all_and_an_empty_one_all_of_its_ports():
    every = build(cnp("d", ingress=[DENY]))
    assert ask(every, "x/a", "x/b", 80, "SCTP") is False
    empty = build(cnp("d", ingress=[rule("Deny", protocols=[{"tcp": {}}])]))
    assert ask(empty, "x/a", "x/b", 1234, "TCP") is False
    assert ask(empty, "x/a", "x/b", 1234, "UDP") is True
    assert "spec.ingress[0].protocols[0].tcp" in {one.path for one in lint(empty)}


def test_46_a_named_port_takes_its_protocol_from_the_pod():
    server = pod("x/s", {}, "10.0.1.1", ports=[("dns", 53, "UDP")])
    policies = build(cnp("d", ingress=[rule("Deny", protocols=[{"destinationNamedPort": "dns"}])]), cluster=[A, server])
    assert ask(policies, "x/a", "x/s", 53, "UDP") is False
    assert ask(policies, "x/a", "x/s", 53, "TCP") is True


def test_46_ranges_are_inclusive():
    ranged = {"udp": {"destinationPort": {"range": {"start": 10, "end": 20}}}}
    policies = build(cnp("d", ingress=[rule("Deny", protocols=[ranged])]))
    assert [ask(policies, "x/a", "x/b", port, "UDP") for port in (9, 10, 20, 21)] == [True, False, False, True]


def test_47_one_priority_twice_is_ambiguous_where_they_disagree_and_only_there():
    one, other = cnp("one", priority=5, ingress=[ACCEPT]), cnp("other", priority=5, ingress=[DENY])
    found = verdict(build(one, other), "y/c", "x/b")
    assert found.allowed is None
    assert "share one priority" in found.reason
    assert "policy.ambiguous-priority" in {lint_.code for lint_ in lint(build(one, other))}
    same = build(one, cnp("other", priority=5, ingress=[ACCEPT]))
    assert ask(same, "y/c", "x/b") is True
    assert "policy.ambiguous-priority" not in {lint_.code for lint_ in lint(same)}


@pytest.mark.parametrize(("action", "expected"), [("Accept", False), ("Deny", False), ("Pass", False)])
def test_48_a_peer_that_cannot_be_read_fails_closed(action, expected):
    policies = build(cnp("p", ingress=[rule(action, "from", {"somethingNew": {}}, EVERYBODY)]), np())
    assert ask(policies, "y/c", "x/b") is expected
    alone = build(cnp("p", ingress=[rule(action, "from", {"somethingNew": {}}, EVERYBODY)]))
    assert ask(alone, "y/c", "x/b") is (action == "Accept")


def test_49_allow_is_v1alpha1s_word_and_accept_v1alpha2s():
    assert ask(build(anp("a", ingress=[rule("Allow")]), np()), "y/c", "x/b") is True
    assert build(anp("a", ingress=[ACCEPT])).refused[0].problems[0].path == "spec.ingress[0].action"
    assert build(cnp("a", ingress=[rule("Allow")])).refused


@pytest.mark.parametrize(
    "peer",
    [
        {"namespaces": {"namespaceSelector": {"matchLabels": {"team": "red"}}}},
        {"namespaces": {"matchLabels": {"team": "red"}}},
        {"pods": {"namespaceSelector": {"matchLabels": {"team": "red"}}, "podSelector": {}}},
        {"pods": {"namespaces": {"namespaceSelector": {"matchLabels": {"team": "red"}}}, "podSelector": {}}},
    ],
)
def test_49_both_shapes_of_v1alpha1_peers_are_read(peer):
    policies = build(anp("d", ingress=[rule("Deny", "from", peer)]), namespaces=[namespace("y", team="red")])
    assert ask(policies, "y/c", "x/b") is False
    assert ask(policies, "x/a", "x/b") is True


def test_49_same_labels_of_the_old_shape():
    spaces_ = [namespace("x", team="red"), namespace("y", team="red"), namespace("z", team="blue")]
    cluster = [*TRIO, pod("z/d", {}, "10.0.0.4")]
    same = anp("s", ingress=[rule("Deny", "from", {"namespaces": {"sameLabels": ["team"]}})])
    policies = build(same, cluster=cluster, namespaces=spaces_)
    assert ask(policies, "y/c", "x/b") is False
    assert ask(policies, "z/d", "x/b") is True
    none = anp("s", ingress=[rule("Deny", "from", {"namespaces": {"notSameLabels": ["absent"]}})])
    assert ask(build(none, cluster=cluster, namespaces=spaces_), "z/d", "x/b") is False


def test_v1alpha1_ports_in_all_their_forms():
    ports = [
        {"portNumber": {"protocol": "UDP", "port": 53}},
        {"portRange": {"protocol": "TCP", "start": 80, "end": 90}},
        {"namedPort": "web"},
    ]
    server = pod("x/s", {}, "10.0.1.1", ports=[("web", 8443)])
    policies = build(anp("d", ingress=[rule("Deny", ports=ports)]), cluster=[A, server])
    denied = [(53, "UDP"), (80, "TCP"), (90, "TCP"), (8443, "TCP")]
    assert [ask(policies, "x/a", "x/s", *one) for one in denied] == [False] * 4
    assert [ask(policies, "x/a", "x/s", *one) for one in [(53, "TCP"), (91, "TCP"), (8443, "UDP")]] == [True] * 3


def test_the_baseline_of_v1alpha1_is_named_default():
    assert ask(build(banp(ingress=[DENY])), "y/c", "x/b") is False
    wrong = msgspec.structs.replace(banp(ingress=[DENY]), metadata=msgspec.structs.replace(banp().metadata, name="x"))
    assert build(wrong).refused[0].problems[0].path == "metadata.name"


def test_nodes_are_selected_by_their_labels_for_egress():
    nodes = [node("n1", "172.16.0.1", role="edge"), node("n2", "172.16.0.2")]
    deny = cnp("d", egress=[rule("Deny", "to", {"nodes": {"matchLabels": {"role": "edge"}}})])
    far = pod("x/far", {}, "10.0.0.9", node="n3")
    policies = build(deny, cluster=[far], nodes=nodes)
    assert ask(policies, "x/far", "n1") is False
    assert ask(policies, "x/far", "n2") is True
    assert ask(build(deny, cluster=[far], nodes=None), "x/far", "172.16.0.1") is None


def test_domain_names_make_addresses_outside_unknown():
    rules = [rule("Accept", "to", {"domainNames": ["example.com"]}), rule("Deny", "to", {"networks": ["0.0.0.0/0"]})]
    policies = build(cnp("d", egress=rules))
    found = verdict(policies, "x/a", "192.0.2.1")
    assert found.allowed is None
    assert "example.com" in found.reason
    assert ask(policies, "x/a", "x/b") is False


def test_a_foreign_policy_makes_the_pods_it_selects_unknown():
    ref = ObjectRef(api_version="cilium.io/v2", kind="CiliumNetworkPolicy", name="f", namespace="x")
    foreign = ForeignPolicy(ref, "x", LabelSelector(match_labels={"app": "b"}), ("ingress",))
    policies = build(np(), foreign=[foreign])
    found = verdict(policies, "x/a", "x/b")
    assert found.allowed is None
    assert found.ingress.also == (ref,)
    assert ask(policies, "y/c", "x/a") is False
    assert ask(policies, "x/b", "y/c") is True
