"""Which form the smallest change takes, in cases with one right answer."""

import pytest
from small import TRIO, A, anp, ask, banp, block, build, cnp, end, from_, np, pod, pods, to

from netdoc.predict.policy import applied, smallest_change

B_ONLY = {"matchLabels": {"app": "b"}}


def propose(policies, source, destination, port=80, protocol="TCP", want=True):
    return smallest_change(policies, end(policies, source), end(policies, destination), port, protocol, want=want)


def test_nothing_is_proposed_for_what_is_so_already():
    assert propose(build(), "x/a", "x/b").reason == "it is allowed already"
    assert propose(build(np()), "x/a", "x/b", want=False).reason == "it is denied already"


def test_a_rule_that_lacks_the_port_alone_gets_the_port():
    policies = build(np(podSelector=B_ONLY, ingress=[from_(pods(app="a"), ports=[{"port": 443}])]))
    found = propose(policies, "x/a", "x/b")
    assert [one.action for one in found.edits] == ["patch"]
    ports = [{"port": 443}, {"protocol": "TCP", "port": 80}]
    assert found.edits[0].patch == {"spec": {"ingress": [{"from": [pods(app="a")], "ports": ports}]}}
    assert found.also == ()


def test_a_rule_that_lacks_the_peer_alone_gets_the_peer():
    policies = build(np(podSelector=B_ONLY, ingress=[from_(pods(app="z"), ports=[{"port": 80}])]))
    found = propose(policies, "y/c", "x/b")
    peers = found.edits[0].after["spec"]["ingress"][0]["from"]
    assert peers[1] == {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "y"}}, **pods(app="c")}
    assert found.also == ()


def test_a_patch_that_would_open_more_gives_way_to_one_that_does_not():
    wide = np(podSelector={}, ingress=[from_(pods(app="a"), pods(app="b"), ports=[{"port": 443}])])
    found = propose(build(wide, cluster=[*TRIO, pod("x/d", {"app": "d"}, "10.0.0.4")]), "x/a", "x/b")
    assert [one.action for one in found.edits] == ["create"]
    assert found.edits[0].after["spec"] == {
        "podSelector": {"matchLabels": {"app": "b"}},
        "policyTypes": ["Ingress"],
        "ingress": [
            {"from": [{"podSelector": {"matchLabels": {"app": "a"}}}], "ports": [{"protocol": "TCP", "port": 80}]}
        ],
    }
    assert found.also == ()


def test_both_directions_are_opened_where_both_deny():
    policies = build(np(policyTypes=["Ingress", "Egress"]))
    found = propose(policies, "x/a", "x/b")
    assert len(found.edits) == 2
    assert ask(applied(policies, found.edits), "x/a", "x/b") is True
    assert ask(applied(policies, found.edits), "x/b", "x/a") is False


def test_an_address_outside_gets_a_block_of_its_own():
    found = propose(build(np(policyTypes=["Egress"], podSelector=B_ONLY)), "x/b", "192.0.2.7", 443)
    assert found.edits[0].after["spec"]["egress"][0]["to"] == [{"ipBlock": {"cidr": "192.0.2.7/32"}}]


def test_labels_of_one_rollout_are_not_relied_on():
    labels = {"app": "s", "pod-template-hash": "abc", "topology.kubernetes.io/zone": "lab-a"}
    server = pod("x/s", labels, "10.0.1.1")
    found = propose(build(np(), cluster=[A, server]), "x/a", "x/s")
    assert not [key for key in labels if key != "app" and key in str(found.edits[0].after)]


@pytest.mark.parametrize("kind", ["ClusterNetworkPolicy", "AdminNetworkPolicy"])
def test_an_admin_denial_is_lifted_by_a_policy_that_comes_before_it(kind):
    deny = {"action": "Deny", "from": [{"namespaces": {}}]}
    policies = build(cnp("d", ingress=[deny]) if kind == "ClusterNetworkPolicy" else anp("d", ingress=[deny]))
    found = propose(policies, "x/a", "x/b")
    after = found.edits[0].after
    assert (after["kind"], after["spec"]["priority"], found.also) == (kind, 9, ())
    assert ask(applied(policies, found.edits), "y/c", "x/b") is False


def test_the_one_baseline_gets_a_rule_before_all_others():
    deny = {"action": "Deny", "from": [{"namespaces": {}}]}
    policies = build(banp(subject={"pods": {"namespaceSelector": {}, "podSelector": B_ONLY}}, ingress=[deny]))
    found = propose(policies, "x/a", "x/b")
    assert (found.edits[0].action, found.also) == ("patch", ())
    assert [one["action"] for one in found.edits[0].after["spec"]["ingress"]] == ["Allow", "Deny"]


def test_denying_takes_the_connection_out_of_the_rule_that_admits_it():
    rules = [from_(pods(app="a"), ports=[{"port": 80}]), from_(pods(app="z"))]
    found = propose(build(np(podSelector=B_ONLY, ingress=rules)), "x/a", "x/b", want=False)
    assert found.edits[0].patch == {"spec": {"ingress": [from_(pods(app="z"))]}}
    assert found.also == ()


def test_denying_egress_does_not_end_isolation_by_leaving_no_rule():
    policies = build(np(egress=[to(block("192.0.2.7/32"), ports=[{"port": 443}])]))
    found = propose(policies, "x/a", "192.0.2.7", 443, want=False)
    assert found.edits[0].patch == {"spec": {"egress": [], "policyTypes": ["Ingress", "Egress"]}}
    assert ask(applied(policies, found.edits), "x/a", "192.0.2.7", 443) is False


def test_denying_where_nothing_isolates_admits_all_the_rest():
    policies = build()
    found = propose(policies, "x/a", "x/b", want=False)
    after = applied(policies, found.edits)
    assert found.also == ()
    assert [ask(after, *pair) for pair in (("x/a", "x/b"), ("y/c", "x/b"), ("192.0.2.1", "x/b"))] == [False, True, True]
    assert ask(after, "x/a", "x/b", 81) is True
    assert ask(after, "x/a", "x/b", 80, "UDP") is True


def test_where_no_policy_applies_nothing_can_be_denied():
    host = pod("x/h", {}, "172.16.0.1", node="n1", host=True)
    policies = build(cluster=[A, host])
    assert "own node" in propose(policies, "x/h", "x/a", want=False).reason
    assert "no policy selects either end" in propose(policies, "192.0.2.1", "172.16.0.1", want=False).reason


def test_what_is_not_known_is_not_changed():
    policies = build(np(ingress=[from_(block("10.0.0.0/8"))]), cluster=[A, pod("x/new", phase="Pending")])
    assert "not known" in propose(policies, "x/new", "x/a").reason


def test_two_directions_of_one_policy_are_one_edit():
    rules = [{"action": "Deny", "from": [{"namespaces": {}}]}], [{"action": "Deny", "to": [{"namespaces": {}}]}]
    policies = build(cnp("d", priority=0, ingress=rules[0], egress=rules[1]))
    found = propose(policies, "x/a", "x/b")
    assert [one.patch["spec"].keys() for one in found.edits] == [{"ingress", "egress"}]
    assert ask(applied(policies, found.edits), "x/a", "x/b") is True
