"""Selection, defaults and isolation: points 1 to 14 of the semantics that evaluators get wrong."""

import msgspec
import pytest
from small import A, B, ask, build, from_, namespace, np, pod, pods, spaces, to, verdict

from netdoc.model.kube import NetworkPolicy


def terms(*found):
    return {
        "podSelector": {
            "matchExpressions": [dict(zip(("key", "operator", "values"), one, strict=True)) for one in found]
        }
    }


@pytest.mark.parametrize(
    ("operator", "values", "expected"),
    [("NotIn", ["a"], True), ("DoesNotExist", [], True), ("In", ["a"], False), ("Exists", [], False)],
)
def test_01_notin_and_doesnotexist_match_an_absent_key(operator, values, expected):
    policies = build(np(ingress=[from_(terms(("tier", operator, values)))]))
    assert ask(policies, "x/a", "x/b") is expected


def test_02_an_empty_label_value_requires_the_key():
    policies = build(np(ingress=[from_(pods(tier=""))]), cluster=[A, B, pod("x/t", {"tier": ""}, "10.0.0.9")])
    assert ask(policies, "x/a", "x/b") is False
    assert ask(policies, "x/t", "x/b") is True


@pytest.mark.parametrize("spec", [{}, {"podSelector": None}, {"podSelector": {}}])
def test_03_a_missing_or_empty_pod_selector_is_all_pods_of_the_namespace(spec):
    policies = build(msgspec.convert({"metadata": {"name": "p", "namespace": "x"}, "spec": spec}, NetworkPolicy))
    assert ask(policies, "y/c", "x/a") is False
    assert ask(policies, "x/a", "x/b") is False
    assert ask(policies, "x/a", "y/c") is True


def test_04_a_pod_selector_alone_means_the_policys_own_namespace():
    policies = build(np(ingress=[from_({"podSelector": {}})]))
    assert ask(policies, "x/a", "x/b") is True
    assert ask(policies, "y/c", "x/b") is False


def test_05_an_empty_namespace_selector_is_all_pods_but_no_address_outside():
    policies = build(np(ingress=[from_({"namespaceSelector": {}})]))
    assert ask(policies, "y/c", "x/b") is True
    assert ask(policies, "192.0.2.1", "x/b") is False


def test_06_selectors_in_one_item_are_and_in_two_items_or():
    both = {**spaces(**{"kubernetes.io/metadata.name": "y"}), **pods(app="a")}
    one = build(np(ingress=[from_(both)]))
    two = build(np(ingress=[from_(spaces(**{"kubernetes.io/metadata.name": "y"}), pods(app="a"))]))
    assert ask(one, "y/c", "x/b") is False
    assert ask(two, "y/c", "x/b") is True
    assert ask(one, "x/a", "x/b") is False
    assert ask(two, "x/a", "x/b") is True


@pytest.mark.parametrize("known", [[], [namespace("y", team="red")]])
def test_07_namespaces_always_carry_their_name_label(known):
    policies = build(np(ingress=[from_(spaces(**{"kubernetes.io/metadata.name": "y"}))]), namespaces=known)
    assert ask(policies, "y/c", "x/b") is True
    assert ask(policies, "x/a", "x/b") is False


def test_08_policy_types_default_to_ingress_and_egress_only_with_egress_rules():
    assert ask(build(np(egress=[])), "x/a", "y/c") is True
    assert ask(build(np(egress=[])), "y/c", "x/a") is False
    assert ask(build(np(egress=[to(pods(app="none"))])), "x/a", "y/c") is False
    assert ask(build(np(policyTypes=[], egress=[])), "y/c", "x/a") is False


def test_09_rules_of_a_direction_that_is_not_listed_have_no_effect():
    policies = build(np(policyTypes=["Egress"], ingress=[from_(pods(app="none"))]))
    assert ask(policies, "y/c", "x/a") is True
    assert ask(policies, "x/a", "y/c") is False


def test_10_isolation_is_per_direction():
    policies = build(np(policyTypes=["Ingress"]))
    found = verdict(policies, "x/a", "y/c")
    assert found.allowed is True
    assert found.egress.why == "default"
    assert ask(policies, "y/c", "x/a") is False


@pytest.mark.parametrize("spec", [{}, {"ingress": []}, {"ingress": None}])
def test_11_an_absent_or_empty_rule_list_denies_all(spec):
    assert ask(build(np(**spec)), "x/a", "x/b") is False


def test_11_an_empty_rule_allows_all():
    policies = build(np(ingress=[{}]))
    assert ask(policies, "x/a", "x/b") is True
    assert ask(policies, "192.0.2.1", "x/b", 53, "SCTP") is True


@pytest.mark.parametrize("peers", [{}, {"from": []}, {"from": None}])
@pytest.mark.parametrize("ports", [{}, {"ports": []}, {"ports": None}])
def test_12_missing_or_empty_peers_and_ports_mean_everybody_and_every_port(peers, ports):
    policies = build(np(ingress=[{**peers, **ports}]))
    assert ask(policies, "192.0.2.1", "x/b", 1, "UDP") is True
    assert ask(policies, "y/c", "x/b", 65535, "SCTP") is True


def test_13_policies_are_additive_and_both_directions_must_allow():
    deny, admit = np("deny"), np("admit", ingress=[from_(pods(app="a"))])
    assert ask(build(deny, admit), "x/a", "x/b") is True
    assert ask(build(admit, deny), "x/a", "x/b") is True
    mute = np("mute", podSelector={"matchLabels": {"app": "a"}}, policyTypes=["Egress"])
    assert ask(build(deny, admit, mute), "x/a", "x/b") is False


def test_14_a_policy_without_a_namespace_is_of_the_default_one():
    policies = build(np(space=""), cluster=[A, pod("default/d", {}, "10.0.0.8")])
    assert ask(policies, "x/a", "default/d") is False
    assert verdict(policies, "x/a", "default/d").ingress.isolating[0].namespace == "default"
    assert ask(policies, "default/d", "x/a") is True
